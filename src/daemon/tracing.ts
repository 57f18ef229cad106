import { type Handler, otlp, unary } from "../grpc/index.ts";
import { messageOf } from "../kit/index.ts";
import {
  buildSpans,
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

/** The traces of builds: sent to a collector when there is one, and remembered with the build. */
export class Tracing {
  readonly #exporter: TraceExporter | undefined;
  readonly #resource: Span["attributes"];
  /** What clients sent, by trace, for builds that are not finalized. */
  readonly #received = new Map<string, Span[]>();

  constructor(exporter: TraceExporter | undefined, resource: Span["attributes"]) {
    this.#exporter = exporter;
    this.#resource = resource;
  }

  /** Runs a build as part of its client's trace. With a history its spans are remembered there. */
  async run<T>(
    build: Build,
    parent: string | undefined,
    history: History | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const context = parseTraceparent(parent);
    const started = new Date();
    const received: Span[] = [];
    if (context !== undefined) this.#received.set(context.traceId, received);
    let error: string | undefined;
    try {
      return await work();
    } catch (cause) {
      error = messageOf(cause);
      throw cause;
    } finally {
      const spans = buildSpans({
        name: "moby.buildkit.v1.Control/Solve",
        attributes: { "rpc.system.name": "grpc", "rpc.method": "moby.buildkit.v1.Control/Solve", ref: build.ref },
        parent: context,
        started,
        completed: new Date(),
        ...(error !== undefined && { error }),
        told: build.told,
      });
      this.#exporter?.export(spans).catch(() => {});
      const forget = () => context !== undefined && this.#received.delete(context.traceId);
      if (history === undefined) forget();
      else {
        history.finalizeLater(build.ref, async () => {
          forget();
          await this.#remember(build.ref, [...received, ...spans], history);
        });
      }
    }
  }

  /** Clients send their own spans to the daemon's address. */
  handler(): Handler {
    return unary(otlp.TraceServiceService.Export, async (request) => {
      for (const span of receivedSpans(request)) {
        const list = this.#received.get(span.traceId);
        if (list !== undefined && list.length < mostReceived) list.push(span);
      }
      this.#exporter?.forward(request).catch(() => {});
      return {};
    });
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
