import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stepTracing } from "./tracing.ts";

let folder = "";
let socket = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-tracing-"));
  socket = join(folder, "sock");
  writeFileSync(socket, "");
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a step hears where spans go and whose work it is, and what it says itself counts", () => {
  const { mounts, environment } = stepTracing(socket, "00-a-b-01");
  expect(mounts).toEqual([{ kind: "bind", source: socket, target: "/dev/otel-grpc.sock", readonly: true }]);
  expect(environment(["A=b", "OTEL_TRACES_EXPORTER=none"])).toEqual([
    "A=b",
    "OTEL_TRACES_EXPORTER=none",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=unix:///dev/otel-grpc.sock",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=grpc",
    "TRACEPARENT=00-a-b-01",
  ]);
});

test("without a socket, and when it is gone, it hears nothing", () => {
  for (const gone of [undefined, join(folder, "gone")]) {
    const { mounts, environment } = stepTracing(gone, "00-a-b-01");
    expect([mounts, environment(["A=b"])]).toEqual([[], ["A=b"]]);
  }
});
