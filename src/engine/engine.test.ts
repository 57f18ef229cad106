import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { quietScope } from "../kit/index.ts";
import { buildDefinition, diff, local, merge, type State, scratch } from "../llb/index.ts";
import { hostPlatform } from "../oci/index.ts";
import { createLocalSession, type LocalSessionOptions } from "../session/index.ts";
import type { BuildRequest, Engine, SolveStatus } from "./contract.ts";
import { openEngine } from "./engine.ts";

let folder: string;
let engine: Engine;
let statuses: SolveStatus[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cooper-engine-"));
  mkdirSync(join(folder, "context"));
  engine = await openEngine(
    {
      root: join(folder, "root"),
      debug: false,
      snapshotter: "auto",
      ociWorkerBinary: "",
      registries: {},
      insecureEntitlements: ["security.insecure"],
      networkMode: "auto",
      maxParallelism: 0,
    },
    quietScope,
  );
  statuses = [];
});
afterEach(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const plain: BuildRequest = {
  ref: "test",
  frontend: "",
  frontendOptions: {},
  exporters: [],
  cacheImports: [],
  cacheExports: [],
  entitlements: [],
  noCache: false,
};

async function build(request: Partial<BuildRequest>, session: Partial<LocalSessionOptions> = {}) {
  await using opened = await createLocalSession({
    id: "session",
    locals: { context: join(folder, "context"), dockerfile: join(folder, "context") },
    secrets: [],
    ssh: [],
    outputs: [],
    ociLayouts: {},
    env: {},
    stdout: () => {
      throw new Error("nothing goes to standard output");
    },
    warn: () => {},
    ...session,
  });
  return await engine.build({ ...plain, ...request }, opened, (status) => statuses.push(status), quietScope);
}

/** Builds a state into a folder; `read` reads a file of it, undefined when it is not there. */
async function files(state: State) {
  const out = mkdtempSync(join(folder, "out-"));
  const definition = buildDefinition(state, { platform: hostPlatform() }).bytes;
  const exporters = [{ type: "local", attrs: {} }];
  await build({ definition, exporters }, { outputs: [{ kind: "directory", path: out }] });
  return (path: string) => {
    try {
      return readFileSync(join(out, path), "utf8");
    } catch {
      return undefined;
    }
  };
}
const withFile = (base: State, path: string, text: string) =>
  base.file([{ kind: "mkfile", path, mode: 0o644, data: Buffer.from(text), timestamp: undefined }]);

describe("a definition", () => {
  test("of merged trees has the later ones on top", async () => {
    const a = withFile(withFile(scratch(), "/a", "a"), "/both", "first");
    const b = withFile(withFile(scratch(), "/b", "b"), "/both", "second");
    const read = await files(merge([a, b]));
    expect([read("a"), read("b"), read("both")]).toEqual(["a", "b", "second"]);
  });

  test("that is a caller's folder is copied for who takes it out, and not for nobody", async () => {
    writeFileSync(join(folder, "context", "f"), "text");
    const definition = buildDefinition(local("context", { sessionId: "session" }), { platform: hostPlatform() }).bytes;
    await build({ definition });
    expect(await engine.housekeeping?.usage(quietScope)).toEqual([]);
    expect((await files(local("context", { sessionId: "session" })))("f")).toBe("text");
    expect(await engine.housekeeping?.usage(quietScope)).toHaveLength(1);
  });

  test("of a difference has what came and loses what stayed", async () => {
    const lower = withFile(scratch(), "/old", "old");
    const upper = withFile(lower, "/new", "new");
    const read = await files(diff(lower, upper));
    expect([read("old"), read("new")]).toEqual([undefined, "new"]);
  });

  test("of a difference of unrelated trees, merged, deletes too", async () => {
    const lower = withFile(withFile(scratch(), "/keep", "k"), "/gone", "g");
    const upper = withFile(scratch(), "/keep", "k");
    const read = await files(merge([lower, diff(lower, upper)]));
    expect([read("keep"), read("gone")]).toEqual(["k", undefined]);
  });

  test("of a local directory exports what its filter picks", async () => {
    writeFileSync(join(folder, "context/yes.txt"), "yes");
    writeFileSync(join(folder, "context/no.log"), "no");
    const read = await files(local("context", { sessionId: "session", excludePatterns: ["*.log"] }));
    expect([read("yes.txt"), read("no.log")]).toEqual(["yes", undefined]);
  });
});

describe("progress", () => {
  test("announces vertices first, the target first of all, and ends each that it began", async () => {
    await files(withFile(withFile(scratch(), "/a", "1"), "/b", "2"));
    const vertices = statuses.flatMap(({ vertexes }) => vertexes ?? []);
    expect(vertices.slice(0, 2).map(({ name, started }) => [name, started])).toEqual([
      ["mkfile /b", undefined],
      ["mkfile /a", undefined],
    ]);
    const open = new Set<string>();
    for (const { digest, started, completed } of vertices) {
      if (completed !== undefined) open.delete(digest);
      else if (started !== undefined) open.add(digest);
    }
    expect([...open]).toEqual([]);
    expect(vertices.some(({ name, completed }) => name === "exporting to client directory" && completed)).toBe(true);
  });

  test("of a second build says cached", async () => {
    const state = withFile(scratch(), "/a", "1");
    await files(state);
    statuses.length = 0;
    await files(state);
    const ends = statuses
      .flatMap(({ vertexes }) => vertexes ?? [])
      .filter(({ name, completed }) => name === "mkfile /a" && completed);
    expect(ends.at(-1)?.cached).toBe(true);
  });
});

describe("what is wrong", () => {
  const dockerfile = (text: string) => writeFileSync(join(folder, "context/Dockerfile"), text);
  const code = (work: Promise<unknown>) => expect(work.catch((error: unknown) => error)).resolves;

  test("an unknown frontend, exporter or cache export is named before anything runs", async () => {
    await code(build({ frontend: "nope" })).toMatchObject({ message: "invalid frontend: nope" });
    const exporters = [{ type: "nope", attrs: {} }];
    await code(build({ frontend: "dockerfile.v0", exporters })).toMatchObject({
      message: 'exporter "nope" could not be found',
    });
    const cacheExports = [{ type: "nope", attrs: {} }];
    await code(build({ frontend: "dockerfile.v0", cacheExports })).toMatchObject({
      message: 'unknown cache exporter: "nope"',
    });
    expect(statuses).toEqual([]);
  });

  test("entitlements are checked against the engine's options, steps against the request", async () => {
    await code(build({ frontend: "dockerfile.v0", entitlements: ["network.host"] })).toMatchObject({
      message: "granting entitlement network.host is not allowed by build daemon configuration",
    });
    dockerfile("FROM scratch\nRUN --security=insecure x\n");
    await code(build({ frontend: "dockerfile.v0" })).toMatchObject({
      message: "failed to load LLB: security.insecure is not allowed",
    });
  });

  test("a vertex that fails points at its line", async () => {
    dockerfile("FROM scratch\n\nCOPY nope /\n");
    const error = await build({ frontend: "dockerfile.v0" }).catch((e: unknown) => e);
    expect(error).toMatchObject({
      details: {
        kind: "source",
        source: { filename: "Dockerfile" },
        ranges: [{ start: { line: 3 }, end: { line: 3 } }],
      },
    });
  });

  test("a failed cache import is a line in the progress, no more", async () => {
    dockerfile("FROM scratch\n");
    await build({
      frontend: "dockerfile.v0",
      cacheImports: [{ type: "registry", attrs: { ref: "127.0.0.1:1/cache" } }],
    });
    const failed = statuses.flatMap(({ vertexes }) => vertexes ?? []).filter(({ error }) => error !== undefined);
    expect(failed.map(({ name }) => name)).toEqual(["importing cache manifest from 127.0.0.1:1/cache"]);
  });

  test("a syntax directive of another frontend than Dockerfile's is not followed in silence", async () => {
    dockerfile("# syntax=127.0.0.1:1/other/frontend\nFROM scratch\n");
    await code(build({ frontend: "dockerfile.v0" })).toMatchObject({
      message: expect.stringContaining("failed to resolve source metadata for 127.0.0.1:1/other/frontend:latest"),
    });
    dockerfile("# syntax=docker/dockerfile:1\nFROM scratch\n");
    await build({ frontend: "dockerfile.v0" });
  });
});
