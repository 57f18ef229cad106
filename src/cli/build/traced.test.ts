import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { SolveStatus } from "../../client/index.ts";
import { otlp } from "../../grpc/index.ts";
import { sha256 } from "../../kit/index.ts";
import { decode } from "../../wire/index.ts";
import { traced } from "./traced.ts";

const step: SolveStatus = {
  vertexes: [{ digest: sha256("x"), name: "[1/1] RUN", started: new Date(1), completed: new Date(2) }],
};
const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

test("a build's spans reach the collector as part of the caller's trace, and its progress its display", async () => {
  const heard: Buffer[] = [];
  const server = createServer(async (request, response) => {
    heard.push(Buffer.concat(await request.toArray()));
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    TRACEPARENT: parent,
  };
  const shown: SolveStatus[] = [];
  const call = { env, ref: "r", remote: false, onStatus: (status: SolveStatus) => shown.push(status), warn: () => {} };
  const work = traced(call, async (tell) => {
    tell(step);
    throw new Error("no");
  });
  await expect(work).rejects.toThrow("no");
  server.close();
  expect(shown).toEqual([step]);
  const [spans] = decode(otlp.ExportTraceServiceRequest, heard[0] ?? Buffer.alloc(0)).resourceSpans;
  const names = spans?.scopeSpans[0]?.spans.map(({ name, status, traceId }) => [
    name,
    status?.message ?? "",
    Buffer.from(traceId).toString("hex"),
  ]);
  expect(names).toEqual([
    ["buildctl build", "no", "0af7651916cd43dd8448eb211c80319c"],
    ["[1/1] RUN", "", "0af7651916cd43dd8448eb211c80319c"],
  ]);
});

test("steps of a build in this process send their spans through a socket of its own, which goes with the build", async () => {
  const heard: Buffer[] = [];
  const server = createServer(async (request, response) => {
    heard.push(Buffer.concat(await request.toArray()));
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    TRACEPARENT: parent,
  };
  const call = { env, ref: "r", remote: false, onStatus: () => {}, warn: () => {} };
  const digest = sha256("x");
  const { socket, below } = await traced(call, async (tell, _, steps) => {
    const path = steps?.traceSocket ?? "";
    const inStep = {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `unix://${path}`,
      TRACEPARENT: steps?.traceOf(digest) ?? "",
    };
    await traced({ ...call, env: inStep, remote: true }, async () => undefined);
    tell(step);
    return { socket: path, below: inStep.TRACEPARENT };
  });
  server.close();
  expect(existsSync(socket)).toBe(false);
  const spans = heard.flatMap((body) =>
    decode(otlp.ExportTraceServiceRequest, body).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans[0]?.spans ?? []),
  );
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  const run = spans.find(({ name }) => name === "[1/1] RUN");
  const inner = spans.find(({ name, parentSpanId }) => name === "buildctl build" && below.includes(hex(parentSpanId)));
  expect(below).toContain(hex(run?.spanId ?? new Uint8Array()));
  expect(inner && hex(inner.parentSpanId)).toBe(run && hex(run.spanId));
});

test("a daemon hears whose work the build is, and tells of the steps itself", async () => {
  const heard: Buffer[] = [];
  const server = createServer(async (request, response) => {
    heard.push(Buffer.concat(await request.toArray()));
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    TRACEPARENT: parent,
  };
  const told = await traced(
    { env, ref: "r", remote: true, onStatus: () => {}, warn: () => {} },
    async (tell, below) => {
      tell(step);
      return below;
    },
  );
  server.close();
  const [resource] = decode(otlp.ExportTraceServiceRequest, heard[0] ?? Buffer.alloc(0)).resourceSpans;
  const spans = resource?.scopeSpans[0]?.spans ?? [];
  expect(spans.map(({ name }) => name)).toEqual(["buildctl build"]);
  const own = Buffer.from(spans[0]?.spanId ?? []).toString("hex");
  expect(told).toBe(`00-0af7651916cd43dd8448eb211c80319c-${own}-01`);
});

test("without a collector a daemon still hears of the caller's trace", async () => {
  const call = { env: { TRACEPARENT: parent }, ref: "r", remote: true, onStatus: () => {}, warn: () => {} };
  expect(await traced(call, async (_, below) => below)).toBe(parent);
});

test("without OpenTelemetry's variables it only runs", async () => {
  const onStatus = () => {};
  const seen = await traced(
    { env: {}, ref: "r", remote: false, onStatus, warn: () => {} },
    async (tell) => tell === onStatus,
  );
  expect(seen).toBe(true);
});
