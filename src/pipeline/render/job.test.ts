import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CooperError } from "../../kit/index.ts";
import type { Json, JsonObject } from "../kube/json.ts";
import { readPodApi } from "../kube/schema.ts";
import { readControllerConfig } from "./controller-config.ts";
import { controllerTypes } from "./controller-types.ts";
import { type JobInput, renderJob } from "./job.ts";

/** Jobs that the controller's own code made of inputs of ours. */
interface Capture {
  readonly input: Omit<JobInput, "plugin"> & { readonly plugin?: Json };
  readonly config: JsonObject;
  readonly job?: JsonObject;
  readonly error?: string;
}

const api = readPodApi(controllerTypes);
const file = join(import.meta.dirname, "../../../conformance/render/jobs.jsonl");
const captures = readFileSync(file, "utf8").trim().split("\n").map(readCapture);

function readCapture(line: string): Capture {
  return JSON.parse(line);
}

function render({ input, config }: Capture): JsonObject {
  return renderJob(api, readControllerConfig(api, config), { plugin: undefined, ...input });
}

/** The controller's order of image checks and of tags differs from run to run. */
function comparable(job: JsonObject): unknown {
  const copy = JSON.parse(JSON.stringify(job), (_key, value: { name?: string; value?: string }) =>
    value?.name === "BUILDKITE_AGENT_TAGS" ? { ...value, value: value.value?.split(",").sort() } : value,
  );
  const pod = copy.spec.template.spec;
  const checks = pod.initContainers.filter((container: { name: string }) => container.name.startsWith("imagecheck-"));
  const others = pod.initContainers.filter((container: { name: string }) => !container.name.startsWith("imagecheck-"));
  const unnamed = checks.map((check: object) => JSON.stringify({ ...check, name: "" })).sort();
  return {
    ...copy,
    spec: { ...copy.spec, template: { ...copy.spec.template, spec: { ...pod, initContainers: [others, unnamed] } } },
  };
}

describe("a rendered Job", () => {
  test.each(captures.filter((capture) => capture.job !== undefined))("is the controller's: $input.uuid", (capture) => {
    const { apiVersion, kind, ...job } = render(capture);
    expect([apiVersion, kind]).toEqual(["batch/v1", "Job"]);
    expect(comparable(job)).toEqual(comparable(capture.job ?? {}));
  });

  test.each(captures.filter((capture) => capture.error !== undefined))(
    "is refused where the controller refuses: $error",
    (capture) => {
      expect(() => render(capture)).toThrow(CooperError);
    },
  );

  test("is the same whenever it is rendered", () => {
    const [first] = captures.filter((capture) => capture.job !== undefined);
    if (first === undefined) throw new Error("no captures");
    expect(JSON.stringify(render(first))).toBe(JSON.stringify(render(first)));
  });
});
