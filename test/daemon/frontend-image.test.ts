/** Frontends in images: `gateway.v0` and syntax directives, in the daemon and in the command's own process. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type BuildCall, build, remote } from "../../src/client/index.ts";
import { type Daemon, startDaemon } from "../../src/daemon/index.ts";
import { quietScope } from "../../src/kit/index.ts";
import { buildDefinition, scratch } from "../../src/llb/index.ts";
import { hostPlatform } from "../../src/oci/index.ts";
import { frontendImage } from "../support/frontend-image.ts";
import { plainEngine } from "../support/plain-engine.ts";
import { startRegistry, type TestRegistry } from "../support/registry.ts";

const { remoteEngine } = await remote();
const caps = "moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests";
let folder = "";
let registry: TestRegistry;
let daemon: Daemon | undefined;
const frontend = () => `${registry.host}/test/frontend:1`;
const engine = () => plainEngine(join(folder, "root"));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cooper-frontends-"));
  registry = await startRegistry();
  const labels = { "moby.buildkit.frontend.caps": caps, "moby.buildkit.frontend.network.none": "true" };
  await registry.push(await frontendImage(labels), "test/frontend", "1");
  daemon = await startDaemon({ addresses: [`unix://${folder}/sock`], engine: engine(), labels: {} }, quietScope);
});
afterAll(async () => {
  await daemon?.shutDown(0);
  await registry[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  rmSync(join(folder, "out"), { recursive: true, force: true });
  rmSync(join(folder, "context"), { recursive: true, force: true });
  mkdirSync(join(folder, "context"));
});

const write = (name: string, content: string) => writeFileSync(join(folder, "context", name), content);

describe.each(["daemon", "own process"])("a frontend image, in the %s", (where) => {
  const run = (frontendOptions: Record<string, string>, more: Partial<BuildCall["request"]> = {}) => {
    const ref = `r${Math.random().toString(36).slice(2)}`;
    const request = {
      ...{ ref, frontend: "gateway.v0", frontendOptions, exporters: [{ type: "local", attrs: {} }] },
      ...{ cacheImports: [], cacheExports: [], entitlements: [], noCache: false },
      ...more,
    };
    const session: BuildCall["session"] = {
      id: `s${ref}`,
      locals: { context: join(folder, "context"), dockerfile: join(folder, "context") },
      ...{ secrets: [], ssh: [], ociLayouts: {}, env: { HOME: folder } },
      outputs: [{ kind: "directory", path: join(folder, "out") }],
      stdout: () => process.stdout,
      warn: () => {},
    };
    const call = { request, session, engine: engine(), onStatus: () => {} };
    const place = { address: daemon?.addresses[0] ?? "", timeout: 60_000 };
    return where === "daemon" ? build(call, quietScope, remoteEngine(place)) : build(call, quietScope);
  };
  const output = (name: string) => readFileSync(join(folder, "out", name), "utf8");

  test("knows its build by its environment, its inputs and the builder's answers; its result and metadata come back", async () => {
    const tree = scratch().file([
      { kind: "mkfile", path: "/in", mode: 0o644, data: Buffer.from("given"), timestamp: undefined },
    ]);
    const input = buildDefinition(tree, { platform: hostPlatform() }).bytes;
    const frontendInputs = new Map([["one", input]]);
    const response = await run({ source: frontend(), a: "b=c" }, { frontendInputs });
    const facts = JSON.parse(output("facts.json"));
    expect(facts).toMatchObject({
      options: { source: frontend(), a: "b=c" },
      ...{ cwd: "/work", uid: 0, product: "buildkit", session: true, workers: 1, image: "yes" },
      ...{ metadata: true, network: 1, exec: true },
      inputs: { one: "given" },
    });
    expect(JSON.parse(response.exporterResponse["frontend.returned"] ?? "")).toEqual(facts);
  });

  test("is what a syntax directive names; it can hand over to the Dockerfile frontend, and run processes", async () => {
    write("Dockerfile", `# syntax=${frontend()}\nFROM nothing-of-this-counts\n`);
    write("Inner", "FROM scratch\nCOPY Inner /copied\n");
    await run({ do: "forward" }, { frontend: "dockerfile.v0" });
    expect(output("copied")).toContain("FROM scratch");
    await run({ do: "container", base: `${registry.host}/library/busybox` }, { frontend: "dockerfile.v0" });
    expect(output("said")).toBe("from inside\n");
    write("Dockerfile", "FROM scratch\n");
    const argument = { "build-arg:BUILDKIT_SYNTAX": `${frontend()} and more`, do: "look" };
    await run(argument, { frontend: "dockerfile.v0" });
    expect(JSON.parse(output("facts.json")).options.cmdline).toBe(`${frontend()} and more`);
  });

  test("can stand for another image as a named context", async () => {
    await run({ source: "docker/dockerfile:1", "context:docker/dockerfile:1": `docker-image://${frontend()}` });
    expect(JSON.parse(output("facts.json")).image).toBe("yes");
  });

  test("fails with what it returns, how it ends, or that it said nothing", async () => {
    const source = frontend();
    await expect(run({ source, do: "refuse" })).rejects.toThrow("this frontend does not want to");
    await expect(run({ source, do: "exit" })).rejects.toThrow("exit code: 7");
    await expect(run({ source, do: "mute" })).rejects.toThrow("no result for incomplete build");
    await expect(run({ source, "frontend.caps": "moby.buildkit.frontend.unheard" })).rejects.toThrow(
      "unsupported frontend capability moby.buildkit.frontend.unheard",
    );
    await expect(run({})).rejects.toThrow("no source specified for gateway");
    await expect(run({ source: `${registry.host}/test/none:1` })).rejects.toThrow("not found");
  });
});
