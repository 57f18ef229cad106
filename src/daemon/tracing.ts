import type { BuildRequest } from "../engine/index.ts";
import type { otlp } from "../grpc/index.ts";
import { messageOf } from "../kit/index.ts";
import {
  buildSpans,
  contextBelow,
  contextOfStep,
  formatTraceparent,
  parseTraceparent,
  receivedSpans,
  type Span,
  spanDocuments,
  type TraceExporter,
  traceMediaType,
} from "../trace/index.ts";
import type { Build } from "./builds.ts";
import type { History } from "./history/history.ts";

/** So many spans of clients are remembered with one build at most. */
const mostReceived = 10_000;

type TraceOf = NonNullable<BuildRequest["traceOf"]>;

/** The traces of builds: sent to a collector when there is one, and remembered with the build. */
export class Tracing {
  readonly #exporter: TraceExporter | undefined;
  readonly #resource: Span["attributes"];
  /** What clients and steps sent, for builds that are not finalized. Several may be of one trace. */
  readonly #received = new Set<{ readonly traceId: string; readonly spans: Span[] }>();

  constructor(exporter: TraceExporter | undefined, resource: Span["attributes"]) {
    this.#exporter = exporter;
    this.#resource = resource;
  }

  /** Runs a build as part of its client's trace, and tells it who its steps are in there. With a history its spans are remembered there. */
  async run<T>(
    build: Build,
    parent: string | undefined,
    history: History | undefined,
    work: (traceOf: TraceOf) => Promise<T>,
  ): Promise<T> {
    const caller = parseTraceparent(parent);
    const context = contextBelow(caller);
    const started = new Date();
    const received = { traceId: context.traceId, spans: [] as Span[] };
    this.#received.add(received);
    let error: string | undefined;
    try {
      return await work((vertex) => formatTraceparent(vertex === undefined ? context : contextOfStep(context, vertex)));
    } catch (cause) {
      error = messageOf(cause);
      throw cause;
    } finally {
      const spans = buildSpans({
        name: "moby.buildkit.v1.Control/Solve",
        attributes: { "rpc.system.name": "grpc", "rpc.method": "moby.buildkit.v1.Control/Solve", ref: build.ref },
        parent: caller,
        context,
        started,
        completed: new Date(),
        ...(error !== undefined && { error }),
        told: build.told,
      });
      this.#exporter?.export(spans).catch(() => {});
      const forget = () => this.#received.delete(received);
      if (history === undefined) forget();
      else {
        history.finalizeLater(build.ref, async () => {
          forget();
          await this.#remember(build.ref, [...received.spans, ...spans], history);
        });
      }
    }
  }

  /** Clients send their own spans to the daemon's address, processes of steps theirs to a socket of their own. */
  receive(request: otlp.ExportTraceServiceRequest): void {
    for (const span of receivedSpans(request)) {
      for (const { traceId, spans } of this.#received) {
        if (traceId === span.traceId && spans.length < mostReceived) spans.push(span);
      }
    }
    this.#exporter?.forward(request).catch(() => {});
  }

  /** Resolves when all that was to be sent has been. */
  async close(): Promise<void> {
    await this.#exporter?.close();
  }

  async #remember(ref: string, spans: readonly Span[], history: History): Promise<void> {
    const text = spanDocuments(spans, this.#resource);
    await history.update(ref, async (record) => {
      const trace = await history.folder.putBlob(Buffer.from(text), traceMediaType);
      return { ...record, trace };
    });
  }
}
