import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type BuildCall, build, remote, type SolveStatus } from "../../src/client/index.ts";
import { type Daemon, startDaemon } from "../../src/daemon/index.ts";
import { isCooperError, quietScope } from "../../src/kit/index.ts";
import { plainEngine } from "../support/plain-engine.ts";

const { dial, queries, remoteEngine } = await remote();
let folder = "";
let daemon: Daemon;
let statuses: SolveStatus[] = [];
const engine = () => plainEngine(join(folder, "root"));
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cooper-daemon-"));
  mkdirSync(join(folder, "context"));
  statuses = [];
  const options = { addresses: [`unix://${folder}/sock`, "tcp://127.0.0.1:0"], engine: engine(), labels: { a: "b" } };
  daemon = await startDaemon(options, quietScope);
});
afterEach(async () => {
  await daemon.shutDown(0);
  rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, content: string) => writeFileSync(join(folder, "context", name), content);
const place = (address = daemon.addresses[0] ?? "") => ({ address, timeout: 60_000 });

function call(request: Partial<BuildCall["request"]>, session: Partial<BuildCall["session"]> = {}): BuildCall {
  const ref = `r${Math.random().toString(36).slice(2)}`;
  return {
    request: {
      ref,
      frontend: "dockerfile.v0",
      frontendOptions: {},
      exporters: [],
      cacheImports: [],
      cacheExports: [],
      entitlements: [],
      noCache: false,
      ...request,
    },
    session: {
      id: `s${ref}`,
      locals: { context: join(folder, "context"), dockerfile: join(folder, "context") },
      secrets: [],
      ssh: [],
      outputs: [],
      ociLayouts: {},
      env: { HOME: folder },
      stdout: () => process.stdout,
      warn: () => {},
      ...session,
    },
    engine: engine(),
    onStatus: (status) => statuses.push(status),
  };
}

const run = (one: BuildCall, address?: string) => build(one, quietScope, remoteEngine(place(address)));

test("a client builds stages from its own context, and gets the image and its digest", async () => {
  write("a.txt", "alpha");
  write("Dockerfile", "FROM scratch AS one\nCOPY a.txt /x\nFROM scratch\nCOPY --from=one /x /y\nENV A=b\n");
  const dest = join(folder, "image.tar");
  const exporters = [{ type: "oci", attrs: {} }];
  const response = await run(call({ exporters }, { outputs: [{ kind: "file", path: dest }] }));
  expect(response.exporterResponse["containerimage.digest"]).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(statSync(dest).size).toBeGreaterThan(1000);
  const names = new Set(statuses.flatMap((status) => status.vertexes ?? []).map((vertex) => vertex.name));
  expect([...names]).toEqual(
    expect.arrayContaining(["[internal] load build definition from Dockerfile", "[one 1/1] COPY a.txt /x"]),
  );
  const running = statuses.flatMap((status) => status.vertexes ?? []).filter((vertex) => vertex.completed);
  expect(running.length).toBeGreaterThan(3);
});

test("over tcp a directory receives the tree, and the second build brings only what changed", async () => {
  write("a.txt", "alpha");
  write("big", "x".repeat(1_000_000));
  write("Dockerfile", "FROM scratch\nCOPY . /\n");
  const out = join(folder, "out");
  const exporters = [{ type: "local", attrs: {} }];
  const outputs = [{ kind: "directory", path: out } as const];
  await run(call({ exporters }, { outputs }), daemon.addresses[1]);
  expect(readFileSync(join(out, "a.txt"), "utf8")).toBe("alpha");
  write("a.txt", "beta");
  statuses = [];
  await run(call({ exporters }, { outputs }), daemon.addresses[1]);
  expect(readFileSync(join(out, "a.txt"), "utf8")).toBe("beta");
  const transfers = statuses
    .flatMap((status) => status.statuses ?? [])
    .filter((task) => task.id === "transferring context:");
  expect(transfers.length).toBeGreaterThan(0);
  expect(Math.max(...transfers.map((task) => task.current))).toBeLessThan(1000);
});

test("a failed step says where it stands in the Dockerfile", async () => {
  write("Dockerfile", "FROM scratch\nCOPY missing /\n");
  const failure = await run(call({})).catch((error: unknown) => error);
  if (!isCooperError(failure)) throw failure;
  expect(failure.message).toMatch(/^failed to solve: .*"\/missing": not found$/);
  expect(failure.details).toMatchObject({
    kind: "source",
    source: { filename: "Dockerfile" },
    ranges: [{ start: { line: 2 } }],
  });
});

test("a Dockerfile that cannot be parsed is the frontend's error, with its place", async () => {
  write("Dockerfile", "FROM scratch\nRUNN x\n");
  const failure = await run(call({})).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    message: "failed to solve: dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)",
    details: { kind: "source", ranges: [{ start: { line: 2 } }] },
  });
});

test("questions to the frontend are answered", async () => {
  write("Dockerfile", "FROM scratch AS one\nFROM one AS two\n");
  const frontendOptions = { requestid: "frontend.targets", "frontend.caps": "moby.buildkit.frontend.subrequests" };
  const { frontendMetadata } = await run(call({ frontendOptions }));
  expect(Buffer.from(frontendMetadata?.get("result.txt") ?? []).toString()).toContain("two (default)");
});

test("two daemons on one root keep the contexts of their clients apart", async () => {
  const address = `unix://${folder}/second`;
  const second = await startDaemon({ addresses: [address], engine: engine(), labels: {} }, quietScope);
  try {
    const clients = [{ place: daemon.addresses[0] }, { place: address }].map(({ place }, number) => {
      const context = join(folder, `context${number}`);
      mkdirSync(context);
      writeFileSync(join(context, "Dockerfile"), "FROM scratch\nCOPY . /\n");
      for (let file = 0; file < 300; file++) writeFileSync(join(context, `${file}`), `client ${number}`);
      const path = join(folder, `out${number}`);
      const session = { locals: { context, dockerfile: context }, outputs: [{ kind: "directory" as const, path }] };
      return { number, place, path, call: () => call({ exporters: [{ type: "local", attrs: {} }] }, session) };
    });
    for (let round = 0; round < 3; round++) {
      await Promise.all(clients.map(({ call, place }) => run(call(), place)));
      for (const { number, path } of clients) {
        const contents = Array.from({ length: 300 }, (_, file) => readFileSync(join(path, `${file}`), "utf8"));
        expect(new Set(contents)).toEqual(new Set([`client ${number}`]));
        rmSync(path, { recursive: true });
      }
    }
  } finally {
    await second.shutDown(0);
  }
});

test("after all is pruned nothing is left, and the worker says what it is", async () => {
  write("a.txt", "alpha");
  write("Dockerfile", "FROM scratch\nCOPY a.txt /\n");
  await run(call({}));
  await using connection = await dial(place(), quietScope);
  expect((await queries.diskUsage(connection, [], quietScope)).length).toBeGreaterThan(0);
  const gone: string[] = [];
  await queries.prune(connection, { all: true }, (record) => gone.push(record.recordType), quietScope);
  expect(gone).toContain("source.local");
  expect(await queries.diskUsage(connection, [], quietScope)).toEqual([]);
  const [worker] = await queries.workers(connection, [], quietScope);
  expect(worker?.labels.get("a")).toBe("b");
  expect((await queries.info(connection, quietScope))?.package).toBe("github.com/moby/buildkit");
});

test("a client that goes away ends its build, and the daemon stops in the end", async () => {
  write("Dockerfile", "FROM scratch\nCOPY . /\n");
  const controller = new AbortController();
  const one = call({});
  const leaving = { ...one, onStatus: () => controller.abort(new Error("enough")) };
  const scope = { ...quietScope, signal: controller.signal };
  await expect(build(leaving, scope, remoteEngine(place()))).rejects.toMatchObject({ code: "client/cancelled" });
  await daemon.shutDown(0);
  await expect(dial(place(), quietScope)).rejects.toMatchObject({ code: "client/unreachable" });
});

test("many builds at once give the same image, and leave nothing when they are gone", async () => {
  for (let number = 0; number < 50; number++) write(`f${number}`, `content ${number}`);
  write("Dockerfile", "FROM scratch\nCOPY . /\nFROM scratch\nCOPY --from=0 /f1 /y\n");
  const exporters = [{ type: "oci", attrs: {} }];
  const builds = Array.from({ length: 20 }, (_, number) =>
    run(call({ exporters }, { outputs: [{ kind: "file", path: join(folder, `${number}.tar`) }] })),
  );
  const digests = (await Promise.all(builds)).map((response) => response.exporterResponse["containerimage.digest"]);
  expect(new Set(digests).size).toBe(1);
  await using connection = await dial(place(), quietScope);
  await queries.prune(connection, { all: true }, () => {}, quietScope);
  expect(await queries.diskUsage(connection, [], quietScope)).toEqual([]);
});
