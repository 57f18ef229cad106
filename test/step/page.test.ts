import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRegistry, type TestRegistry } from "../support/registry.ts";
import { StepLab } from "../support/step-lab.ts";

/** A page of Buildkite's documentation, byte for byte: what people paste. */
const page = readFileSync(join(import.meta.dirname, "fixtures/buildkit-page.md"), "utf8");
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))].map((match) => match[1] ?? "");
const [pipeline = ""] = blocks("yaml");

/** The page's step with another command. */
const withCommand = (command: string) => {
  const lines = command
    .trimEnd()
    .split("\n")
    .map((line) => `      ${line}\n`);
  return pipeline.replace(/command: \|\n[\s\S]*?(?= {4}plugins:)/, `command: |\n${lines.join("")}`);
};

const dockerfile = `FROM scratch AS base
COPY rootfs /
ARG VERSION=none
RUN echo "version $VERSION" > /version
FROM base AS test-lint
RUN grep -q version /version && echo lint passed
FROM base AS production
RUN echo for production
`;

let lab: StepLab;
let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
  lab = new StepLab({ Dockerfile: dockerfile, ".dockerignore": "*.tar\ncooper-artifacts\n" });
  const bin = join(lab.project, "rootfs/bin");
  mkdirSync(bin, { recursive: true });
  copyFileSync("/bin/busybox", join(bin, "busybox"));
  for (const applet of ["sh", "grep", "echo"]) symlinkSync("busybox", join(bin, applet));
  lab.commit();
});
afterAll(async () => {
  lab[Symbol.dispose]();
  await registry[Symbol.asyncDispose]();
});

describe("the page of Buildkite's documentation, as it stands", () => {
  test("its pipeline builds, with one warning about its YAML; a kept volume makes the second run cached", async () => {
    const first = await lab.run(pipeline, ["--keep-volume", "buildkit-cache", "--queue", "kubernetes"]);
    expect(first).toMatchObject({ code: 0 });
    expect(first.stderr.match(/^warning: \S*pipeline\.yml:2:13: read "\\:" as ":"/gm)).toHaveLength(1);
    expect(first.stderr.match(/warning/g)).toHaveLength(1);
    expect(first.stdout).toContain("[:docker: BuildKit daemonless container build] ");
    expect(first.stdout).toContain("lint passed");
    const second = await lab.run(pipeline, ["--keep-volume", "buildkit-cache"]);
    expect(second).toMatchObject({ code: 0 });
    expect(second.stdout.match(/CACHED/g)?.length).toBeGreaterThanOrEqual(3);
    expect(lab.leftovers()).toEqual([]);
  });

  test("without a kept volume every run is cold, as on a cluster", async () => {
    expect((await lab.run(pipeline)).stdout).not.toContain("CACHED");
  });

  test.each(blocks("bash").map((block, at) => [at, block] as const))("its command %i works", async (_, block) => {
    const command = block.replace("myregistry.com", registry.host);
    const { code, stdout, stderr } = await lab.run(withCommand(command), [
      "--keep-volume",
      "buildkit-cache",
      "--env",
      "BUILDKITE_BUILD_NUMBER=7",
    ]);
    expect({ code, log: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, log: "" });
    if (block.includes("push=true")) {
      const answer = await fetch(`http://${registry.host}/v2/myimage/manifests/7`, {
        headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
      });
      expect(answer.status).toBe(200);
    }
    if (block.includes("image.tar")) expect(lab.read("image.tar").length).toBeGreaterThan(10_000);
  });
});
