import { expect, test } from "vitest";
import { buildFromGit } from "../build/from-git.ts";
import { planPipeline } from "../expand/plan.ts";
import { loadPipeline } from "../load.ts";
import { Problems } from "../problems.ts";
import { localPod } from "./local-pod.ts";

/** The pod of the first job of a step that gives this to the plugin. */
async function pod(plugin: object) {
  const text = JSON.stringify([{ command: "true", plugins: [{ kubernetes: plugin }] }]);
  const { documents } = loadPipeline(text, "p.yml", { variables: new Map() });
  const build = await buildFromGit("/", {});
  const [job] = documents.flatMap(({ pipeline }) =>
    planPipeline(pipeline, { build, env: new Map() }, new Problems("p.yml")).nodes.flatMap((node) => node.jobs),
  );
  if (job === undefined) throw new Error("no job");
  return localPod(job, {});
}

test("a pod has 10 seconds to end, not the controller's 60, unless it states its own", async () => {
  const containers = [{ name: "main", image: "i" }];
  expect((await pod({ podSpec: { containers } })).spec.terminationGracePeriodSeconds).toBe(10);
  const stated = await pod({ podSpec: { containers, terminationGracePeriodSeconds: 33 } });
  expect(stated.spec.terminationGracePeriodSeconds).toBe(33);
});

test("agent, checkout and checks of images are left out; the command stays with its container", async () => {
  const { spec, commands, checkout } = await pod({ podSpec: { containers: [{ name: "main", image: "i" }] } });
  expect((spec.containers as { name: string }[]).map(({ name }) => name)).toEqual(["main"]);
  expect(spec.initContainers).toEqual([]);
  expect([...commands]).toEqual([["main", "true"]]);
  expect(checkout).toBe(true);
});
