import { CooperError } from "../kit/index.ts";
import type { Span } from "./span.ts";

/** Where spans go, as OpenTelemetry's environment variables say it. */
export interface TraceSettings {
  readonly protocol: "grpc" | "http/protobuf";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Undefined: nobody wants them. Those for traces win over those for everything. Throws `trace/bad-setting`. */
export function traceSettings(env: NodeJS.ProcessEnv): TraceSettings | undefined {
  const kind = env.OTEL_TRACES_EXPORTER ?? "";
  const own = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? "";
  const common = env.OTEL_EXPORTER_OTLP_ENDPOINT ?? "";
  if (env.OTEL_SDK_DISABLED === "true" || kind === "none") return undefined;
  if (kind !== "" && kind !== "otlp") throw bad(`unsupported opentelemetry exporter ${kind}`);
  if (kind === "" && own === "" && common === "") return undefined;
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL || "grpc";
  if (protocol !== "grpc" && protocol !== "http/protobuf") throw bad(`unsupported otlp protocol ${protocol}`);
  const fallback = protocol === "grpc" ? "http://localhost:4317" : "http://localhost:4318";
  return {
    protocol,
    url: endpoint(own, common || fallback, protocol),
    headers: pairs(env.OTEL_EXPORTER_OTLP_TRACES_HEADERS ?? env.OTEL_EXPORTER_OTLP_HEADERS ?? ""),
    timeout: Number(env.OTEL_EXPORTER_OTLP_TRACES_TIMEOUT ?? env.OTEL_EXPORTER_OTLP_TIMEOUT ?? "") || 10_000,
  };
}

/** Who this process is in its spans. */
export function traceResource(env: NodeJS.ProcessEnv, service: string): Span["attributes"] {
  const given = pairs(env.OTEL_RESOURCE_ATTRIBUTES ?? "");
  const name = env.OTEL_SERVICE_NAME || given["service.name"] || service;
  return { ...given, "service.name": name, "telemetry.sdk.language": "nodejs", "telemetry.sdk.name": "cooper" };
}

/** One for traces is taken as it is; to the common one OTLP's path is added. A host and port alone are plain; gRPC may go through a socket. */
function endpoint(own: string, common: string, protocol: TraceSettings["protocol"]): URL {
  const text = own || common;
  try {
    if (protocol === "grpc" && text.startsWith("unix:")) return new URL(text);
    const url = new URL(/^https?:\/\//.test(text) ? text : `http://${text}`);
    if (protocol === "http/protobuf" && own === "") url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/traces`;
    return url;
  } catch {
    throw bad(`invalid OTLP endpoint ${JSON.stringify(text)}`);
  }
}

function pairs(text: string): Record<string, string> {
  const entries = text.split(",").flatMap((pair) => {
    const [key = "", value] = pair.split(/=(.*)/s);
    return value === undefined ? [] : [[decoded(key.trim()), decoded(value.trim())] as const];
  });
  return Object.fromEntries(entries);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function bad(sentence: string): CooperError {
  return new CooperError("trace/bad-setting", sentence, { hint: "see OpenTelemetry's environment variables" });
}
