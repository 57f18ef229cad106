import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BuildRequest, EngineOptions } from "../../client/index.ts";
import { messageOf } from "../../kit/index.ts";
import type { TraceContext, TraceExporter } from "../../trace/index.ts";

/** How steps of a build in this process take part in its trace. */
export interface StepTraces extends AsyncDisposable {
  readonly traceOf: NonNullable<BuildRequest["traceOf"]>;
  readonly traceSocket?: NonNullable<EngineOptions["traceSocket"]>;
}

/** Serves a socket, at `asked` or in a temporary folder, from which spans go to the collector; one that cannot be made is only told. */
export async function stepTraces(
  exporter: TraceExporter,
  context: TraceContext,
  asked: string | undefined,
  warn: (sentence: string) => void,
): Promise<StepTraces> {
  const { contextOfStep, formatTraceparent } = await import("../../trace/index.ts");
  const { serveSpans } = await import("../../daemon/index.ts");
  await using stack = new AsyncDisposableStack();
  const traceOf: StepTraces["traceOf"] = (vertex) =>
    formatTraceparent(vertex === undefined ? context : contextOfStep(context, vertex));
  const folder = asked === undefined ? await mkdtemp(join(tmpdir(), "cooper-traces-")) : undefined;
  if (folder !== undefined) stack.defer(() => rm(folder, { recursive: true, force: true }));
  const path = asked ?? join(folder ?? "", "otel-grpc.sock");
  const forward: Parameters<typeof serveSpans>[1] = (request) => void exporter.forward(request);
  const socket = await serveSpans(path, forward, () => {}).catch((error: unknown) => {
    warn(`steps cannot send traces: ${messageOf(error)}`);
    return undefined;
  });
  if (socket !== undefined) stack.use(socket);
  const opened = stack.move();
  return {
    traceOf,
    ...(socket && { traceSocket: path }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
