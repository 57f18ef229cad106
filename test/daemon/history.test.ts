/** What a daemon remembers of its builds, asked over the wire. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BuildCall, build, remote } from "../../src/client/index.ts";
import { type Daemon, startDaemon } from "../../src/daemon/index.ts";
import { content, control, otlp } from "../../src/grpc/index.ts";
import { quietScope } from "../../src/kit/index.ts";
import { buildSpans, parseTraceparent, TraceExporter } from "../../src/trace/index.ts";
import type { Init } from "../../src/wire/index.ts";
import { plainEngine } from "../support/plain-engine.ts";

const { dial, queries, remoteEngine } = await remote();
const { ControlService } = control;
const { ContentService } = content;
let folder = "";
let daemon: Daemon;
const start = () =>
  startDaemon(
    { addresses: [`unix://${folder}/sock`], engine: plainEngine(join(folder, "root")), labels: {} },
    quietScope,
  );
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cooper-history-"));
  mkdirSync(join(folder, "context"));
  writeFileSync(join(folder, "context/a.txt"), "alpha");
  daemon = await start();
});
afterAll(async () => {
  await daemon.shutDown(0);
  rmSync(folder, { recursive: true, force: true });
});

const connect = () => dial({ address: `unix://${folder}/sock`, timeout: 20_000 }, quietScope);

async function run(
  ref: string,
  dockerfile: string,
  exporters = [{ type: "oci", attrs: { name: "x" } }],
  onStatus: BuildCall["onStatus"] = () => {},
) {
  writeFileSync(join(folder, "context/Dockerfile"), dockerfile);
  const context = join(folder, "context");
  const call: BuildCall = {
    request: {
      ref,
      frontend: "dockerfile.v0",
      frontendOptions: { "build-arg:A": "b" },
      exporters,
      cacheImports: [],
      cacheExports: [],
      entitlements: [],
      noCache: false,
    },
    session: {
      id: `session-${ref}`,
      locals: { context, dockerfile: context },
      secrets: [],
      ssh: [],
      outputs: [{ kind: "file", path: join(folder, `${ref}.tar`) }],
      ociLayouts: {},
      env: { HOME: folder },
      stdout: () => process.stdout,
      warn: () => {},
    },
    engine: plainEngine(""),
    onStatus,
  };
  return build(call, quietScope, remoteEngine({ address: `unix://${folder}/sock`, timeout: 20_000 }));
}

async function records(request: Init<control.BuildHistoryRequest> = {}) {
  await using connection = await connect();
  const call = connection.client.call(ControlService.ListenBuildHistory, { signal: quietScope.signal });
  await call.messages.send({ earlyExit: true, ...request });
  call.end();
  const found: control.BuildHistoryRecord[] = [];
  for await (const { record } of call.messages) if (record !== undefined) found.push(record);
  return found;
}
async function update(request: Init<control.UpdateBuildHistoryRequest>) {
  await using connection = await connect();
  await connection.client.unary(ControlService.UpdateBuildHistory, request, { signal: quietScope.signal });
}
/** Blobs of the root. */
async function listed() {
  await using connection = await connect();
  const call = connection.client.call(ContentService.List, { signal: quietScope.signal });
  await call.messages.send({});
  call.end();
  const digests: string[] = [];
  for await (const { info } of call.messages) digests.push(...info.map(({ digest }) => digest));
  return digests;
}
async function blob(digest: string) {
  await using connection = await connect();
  const call = connection.client.call(ContentService.Read, { signal: quietScope.signal });
  await call.messages.send({ digest });
  call.end();
  const parts: Uint8Array[] = [];
  for await (const { data } of call.messages) parts.push(data);
  return Buffer.concat(parts);
}

test("a build leaves a record with its image, and its progress can be asked for again", async () => {
  const response = await run("good", "FROM scratch\nCOPY a.txt /\n");
  const [record] = await records({ ref: "good" });
  expect(record).toMatchObject({
    exporters: [{ type: "oci", attrs: new Map([["name", "x"]]) }],
    numCompletedSteps: record?.numTotalSteps,
    pinned: false,
  });
  expect(record?.error).toBeUndefined();
  const image = record?.result?.results[0]?.value;
  expect(image?.digest).toBe(response.exporterResponse["containerimage.digest"]);
  expect(JSON.parse((await blob(image?.digest ?? "")).toString("utf8"))).toHaveProperty("layers");
  await using connection = await connect();
  const call = connection.client.call(ControlService.Status, { signal: quietScope.signal });
  await call.messages.send({ ref: "good" });
  call.end();
  const names = new Set<string>();
  for await (const { vertexes } of call.messages) for (const { name } of vertexes) names.add(name);
  expect(names).toContain("[1/1] COPY a.txt /");
  const info = await connection.client.unary(ContentService.Info, { digest: record?.logs?.digest ?? "" }, quietScope);
  expect(info.info?.size).toBe(record?.logs?.size);
});

test("a record tells how the result came about, though nobody asked for attestations", async () => {
  await run("told", "FROM scratch\nCOPY a.txt /told\n");
  const [record] = await records({ ref: "told" });
  const [attestation] = record?.result?.attestations ?? [];
  expect(attestation).toMatchObject({
    mediaType: "application/vnd.in-toto+json",
    annotations: new Map([["in-toto.io/predicate-type", "https://slsa.dev/provenance/v1"]]),
  });
  const bytes = await blob(attestation?.digest ?? "");
  expect(BigInt(bytes.byteLength)).toBe(attestation?.size);
  const { buildDefinition, runDetails } = JSON.parse(bytes.toString("utf8"));
  expect(buildDefinition.externalParameters.request).toMatchObject({
    frontend: "dockerfile.v0",
    args: { "build-arg:A": "b" },
    locals: [{ name: "context" }, { name: "dockerfile" }],
  });
  expect(buildDefinition.internalParameters.buildConfig.llbDefinition).toHaveLength(3);
  expect(runDetails.metadata.buildkit_metadata.source.infos[0].filename).toBe("Dockerfile");
});

test("a failed build's record has its error, whole in a blob", async () => {
  await expect(run("bad", "FROM scratch\nCOPY nothing /\n")).rejects.toThrow("nothing");
  const [record] = await records({ filter: ["status==error"] });
  expect(record?.ref).toBe("bad");
  expect(record?.error).toMatchObject({ message: expect.stringContaining('"/nothing": not found'), details: [] });
  expect((await blob(record?.externalError?.digest ?? "")).toString("latin1")).toContain("errdefs.Source+json");
});

test("a build whose result could not be written out tells how it came about, too", async () => {
  await expect(
    run("unwritten", "FROM scratch\nCOPY a.txt /\n", [{ type: "oci", attrs: { name: "A B" } }]),
  ).rejects.toThrow();
  const [record] = await records({ ref: "unwritten" });
  expect(record?.error).toBeDefined();
  expect(record?.result?.attestations).toHaveLength(1);
});

test("what runs in a step sends its spans through a socket, and they are part of the build's trace, below the step", async () => {
  copyFileSync("/usr/bin/busybox", join(folder, "context/sh"));
  const settings = { protocol: "grpc", url: new URL(`unix://${folder}/root/otel-grpc.sock`), headers: {} } as const;
  const failures: string[] = [];
  const exporter = new TraceExporter({ ...settings, timeout: 20_000 }, {}, (line) => failures.push(line));
  const dockerfile = [
    "FROM scratch",
    "COPY sh /bin/sh",
    "ENV OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=mine",
    "USER 1000",
    "RUN [ -w /dev/otel-grpc.sock ] && [ -S /dev/otel-grpc.sock ] && env",
  ].join("\n");
  let log = "";
  let sent: Promise<void> | undefined;
  const step = () => parseTraceparent(/^TRACEPARENT=(.*)$/m.exec(log)?.[1]);
  await run("steps", dockerfile, [], ({ logs = [] }) => {
    for (const { data } of logs) log += Buffer.from(data).toString();
    const times = { started: new Date(), completed: new Date() };
    const parent = step();
    if (parent !== undefined)
      sent ??= exporter.export(buildSpans({ name: "compile", attributes: {}, parent, ...times, told: [] }));
  });
  await sent;
  expect(failures).toEqual([]);
  expect(log).toContain("OTEL_TRACES_EXPORTER=otlp\n");
  expect(log).toContain("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=mine\n");
  await update({ ref: "steps", finalize: true });
  const [record] = await records({ ref: "steps" });
  const text = (await blob(record?.trace?.digest ?? "")).toString("utf8");
  const spans: { Name: string; SpanContext: { SpanID: string; TraceID: string }; Parent: { SpanID: string } }[] =
    JSON.parse(`[${text.replaceAll("}\n{", "},{")}]`);
  const named = (part: string) => spans.find(({ Name }) => Name.includes(part));
  const { traceId, spanId } = step() ?? { traceId: "", spanId: "" };
  expect(named("compile")).toMatchObject({ SpanContext: { TraceID: traceId }, Parent: { SpanID: spanId } });
  expect(named("] RUN")?.SpanContext).toMatchObject({ TraceID: traceId, SpanID: spanId });
  expect(named("Control/Solve")?.SpanContext.SpanID).toBe(named("] RUN")?.Parent.SpanID);
});

test("finalizing adds the trace, with the spans that the client has sent", async () => {
  await run("traced", "FROM scratch\nCOPY a.txt /b\n");
  await update({ ref: "traced", finalize: true });
  const [record] = await records({ ref: "traced" });
  expect(record?.generation).toBe(1);
  const text = (await blob(record?.trace?.digest ?? "")).toString("utf8");
  expect(text).toContain('"Name": "moby.buildkit.v1.Control/Solve"');
  expect(text).toContain('"Name": "[1/1] COPY a.txt /b"');
  await using connection = await connect();
  const nothing = { resourceSpans: [] };
  expect(await connection.client.unary(otlp.TraceServiceService.Export, nothing, quietScope)).toEqual({});
});

test("what is pinned outlives a restart, and what is deleted is gone with its blobs", async () => {
  await update({ ref: "good", pinned: true });
  await daemon.shutDown(0);
  daemon = await start();
  expect((await records({ ref: "good" }))[0]?.pinned).toBe(true);
  expect((await listed()).length).toBeGreaterThan(0);
  await using connection = await connect();
  await queries.prune(connection, { all: true }, () => {}, quietScope);
  expect(await listed()).toEqual([]);
  for (const { ref } of await records()) await update({ ref, delete: true });
  expect(await records()).toEqual([]);
  expect(readdirSync(join(folder, "root/history/blobs/sha256"))).toEqual([]);
  await expect(update({ ref: "good", pinned: true })).rejects.toThrow(
    "failed to retrieve ref good: file does not exist",
  );
});

test("the content store is for reading: nothing can be written or taken away, and nothing is under way", async () => {
  await using connection = await connect();
  const { client } = connection;
  const digest = `sha256:${"0".repeat(64)}`;
  for (const refused of [
    client.unary(ContentService.Delete, { digest }, quietScope),
    client.unary(ContentService.Update, { info: { digest } }, quietScope),
    client.unary(ContentService.Abort, { ref: "r" }, quietScope),
  ]) {
    await expect(refused).rejects.toThrow("read-only content store");
  }
  const write = async (ref: string) => {
    const call = client.call(ContentService.Write, { signal: quietScope.signal });
    await call.messages.send({ ref, action: 0 });
    await call.messages.read();
  };
  await expect(write("r")).rejects.toThrow("read-only content store");
  await expect(write("")).rejects.toThrow("first message must have a reference");
  expect((await client.unary(ContentService.ListStatuses, {}, quietScope)).statuses).toEqual([]);
  const status = client.unary(ContentService.Status, { ref: "r" }, quietScope);
  await expect(status).rejects.toThrow('could not get status for ref "r": reference r: not found');
});
