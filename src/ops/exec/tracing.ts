import { existsSync } from "node:fs";
import type { StepMount } from "../../executor/index.ts";

/** Where processes of steps find the socket, and what says so to OpenTelemetry's libraries: upstream's. */
const place = "/dev/otel-grpc.sock";
const variables = [
  "OTEL_TRACES_EXPORTER=otlp",
  `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=unix://${place}`,
  "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=grpc",
];

/** How processes of a step take part in the trace of its build. */
export interface StepTracing {
  readonly mounts: readonly StepMount[];
  /** A process's environment with what it must know; variables that the build sets itself stay as they are. */
  environment(env: readonly string[]): readonly string[];
}

const untraced: StepTracing = { mounts: [], environment: (env) => env };

/** `socket`: of the builder's, that takes spans by gRPC; without one, or when it is gone, the step hears nothing. `parent`: W3C's. */
export function stepTracing(socket: string | undefined, parent: string | undefined): StepTracing {
  if (socket === undefined || !existsSync(socket)) return untraced;
  return {
    mounts: [{ kind: "bind", source: socket, target: place, readonly: true }],
    environment(env) {
      const given = new Set(env.map(nameOf));
      const missing = variables.filter((variable) => !given.has(nameOf(variable)));
      return [...env, ...missing, ...(parent === undefined ? [] : [`TRACEPARENT=${parent}`])];
    },
  };
}

function nameOf(variable: string): string {
  return variable.slice(0, variable.indexOf("="));
}
