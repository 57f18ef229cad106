import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { describe, expect, it } from "vitest";
import { GrpcServer, otlp, serverSession, unary } from "../grpc/index.ts";
import { decode, encode } from "../wire/index.ts";
import {
  buildSpans,
  formatTraceparent,
  parseTraceparent,
  receivedSpans,
  spanDocuments,
  TraceExporter,
  traceResource,
  traceSettings,
} from "./index.ts";

const parent = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const at = (milliseconds: number) => new Date(1_700_000_000_000 + milliseconds);
const spans = buildSpans({
  name: "moby.buildkit.v1.Control/Solve",
  attributes: { ref: "r" },
  parent,
  started: at(0),
  completed: at(1500),
  error: "exit code: 1",
  told: [
    { vertexes: [{ digest: "sha256:a", name: "[1/2] COPY", started: at(1) }] },
    { vertexes: [{ digest: "sha256:a", name: "[1/2] COPY", started: at(1), completed: at(2), cached: true }] },
    { vertexes: [{ digest: "sha256:b", name: "[2/2] RUN", started: at(2), completed: at(3), error: "exit code: 1" }] },
  ],
});

describe("traceparent", () => {
  it("is read and written as W3C has it", () => {
    expect(parseTraceparent(formatTraceparent(parent))).toEqual(parent);
    expect(parseTraceparent(`00-${"0".repeat(32)}-b7ad6b7169203331-01`)).toBeUndefined();
    expect(parseTraceparent("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")).toBeUndefined();
    expect(parseTraceparent("nonsense")).toBeUndefined();
    expect(parseTraceparent(undefined)).toBeUndefined();
  });
});

describe("buildSpans()", () => {
  it("has a span for the build, below its client's, and one for each step that ended", () => {
    expect(spans.map(({ name, error }) => [name, error])).toEqual([
      ["moby.buildkit.v1.Control/Solve", "exit code: 1"],
      ["load cache: [1/2] COPY", undefined],
      ["[2/2] RUN", "exit code: 1"],
    ]);
    const [root, ...steps] = spans;
    expect(root).toMatchObject({
      traceId: parent.traceId,
      parentId: parent.spanId,
      end: root && root.start + 1_500_000_000n,
    });
    expect(steps.every((step) => step.parentId === root?.spanId && step.traceId === parent.traceId)).toBe(true);
  });
});

describe("spanDocuments()", () => {
  it("writes upstream's documents", () => {
    const [root] = spans;
    const text = spanDocuments(root === undefined ? [] : [root], { "service.name": "buildkitd" });
    expect(JSON.parse(text)).toMatchObject({
      Name: "moby.buildkit.v1.Control/Solve",
      SpanContext: { TraceID: parent.traceId, TraceFlags: "01", Remote: false },
      Parent: { SpanID: parent.spanId, Remote: true },
      SpanKind: 2,
      StartTime: "2023-11-14T22:13:20Z",
      EndTime: "2023-11-14T22:13:21.5Z",
      Attributes: [{ Key: "ref", Value: { Type: "STRING", Value: "r" } }],
      Status: { Code: 1, Description: "exit code: 1" },
      Resource: [{ Key: "service.name", Value: { Type: "STRING", Value: "buildkitd" } }],
    });
    expect(text.endsWith("}\n")).toBe(true);
  });
});

describe("traceSettings()", () => {
  it("takes what OpenTelemetry's variables say, those for traces first", () => {
    expect(traceSettings({})).toBeUndefined();
    expect(traceSettings({ OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: "http://c" })).toBeUndefined();
    expect(traceSettings({ OTEL_TRACES_EXPORTER: "otlp" })).toMatchObject({
      protocol: "grpc",
      url: new URL("http://localhost:4317"),
    });
    const common = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:1/base/", OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" };
    expect(traceSettings({ ...common, OTEL_EXPORTER_OTLP_HEADERS: "a=b%20c, d=e" })).toEqual({
      protocol: "http/protobuf",
      url: new URL("http://c:1/base/v1/traces"),
      headers: { a: "b c", d: "e" },
      timeout: 10_000,
    });
    expect(traceSettings({ ...common, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://t/x" })?.url.href).toBe("http://t/x");
    const inStep = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "unix:///dev/otel-grpc.sock" };
    expect(traceSettings({ ...inStep, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "grpc" })?.url.pathname).toBe(
      "/dev/otel-grpc.sock",
    );
    expect(() => traceSettings({ OTEL_TRACES_EXPORTER: "zipkin" })).toThrow(
      "unsupported opentelemetry exporter zipkin",
    );
  });
  it("names the service", () => {
    expect(traceResource({ OTEL_RESOURCE_ATTRIBUTES: "a=b,service.name=x" }, "d")).toMatchObject({
      a: "b",
      "service.name": "x",
    });
    expect(traceResource({}, "buildkitd")["service.name"]).toBe("buildkitd");
  });
});

describe("TraceExporter", () => {
  const settings = (url: string, protocol: "grpc" | "http/protobuf") => ({
    protocol,
    url: new URL(url),
    headers: { "X-Token": "t" },
    timeout: 5000,
  });
  const same = (request: otlp.ExportTraceServiceRequest) => {
    const got = receivedSpans(request);
    expect(got.map(({ name, spanId, start }) => [name, spanId, start])).toEqual(
      spans.map(({ name, spanId, start }) => [name, spanId, start]),
    );
    expect(got[0]?.resource).toEqual({ "service.name": "s" });
    expect(got[2]?.error).toBe("exit code: 1");
  };

  it("sends protobuf by HTTP", async () => {
    const heard: { token: unknown; body: Buffer }[] = [];
    const server = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray());
      heard.push({ token: request.headers["x-token"], body });
      response.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
    await new TraceExporter(settings(url, "http/protobuf"), { "service.name": "s" }, () => {}).export(spans);
    server.close();
    expect(heard[0]?.token).toBe("t");
    same(decode(otlp.ExportTraceServiceRequest, heard[0]?.body ?? Buffer.alloc(0)));
  });

  it("sends by gRPC", async () => {
    const heard: otlp.ExportTraceServiceRequest[] = [];
    const rpc = new GrpcServer([
      unary(otlp.TraceServiceService.Export, async (request, { metadata }) => {
        expect(metadata.get("x-token")).toEqual(["t"]);
        heard.push(request);
        return {};
      }),
    ]);
    const server = createTcpServer((socket) => rpc.attach(serverSession(socket)));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await new TraceExporter(settings(url, "grpc"), { "service.name": "s" }, () => {}).export(spans);
    server.close();
    same(heard[0] ?? decode(otlp.ExportTraceServiceRequest, encode(otlp.ExportTraceServiceRequest, {})));
  });

  it("only logs that nobody is there", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const log: string[] = [];
    for (const protocol of ["grpc", "http/protobuf"] as const) {
      const exporter = new TraceExporter(settings(`http://127.0.0.1:${port}`, protocol), {}, (line) => log.push(line));
      await exporter.export(spans);
      await exporter.close();
    }
    expect(log).toHaveLength(2);
    expect(log[0]).toContain("cannot export traces: ");
  });
});
