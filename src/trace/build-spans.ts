import { contextBelow, contextOfStep, newSpanId, type TraceContext } from "./context.ts";
import { nanoseconds, type Span } from "./span.ts";

/** What of a build's progress makes spans. */
export interface Progress {
  readonly vertexes?: readonly {
    readonly digest: string;
    readonly name: string;
    readonly started?: Date;
    readonly completed?: Date;
    readonly cached?: boolean;
    readonly error?: string;
  }[];
}

export interface TracedBuild {
  readonly name: string;
  readonly attributes: Span["attributes"];
  readonly parent: TraceContext | undefined;
  /** What the build's own span is called elsewhere; made up when left out. */
  readonly context?: TraceContext;
  readonly started: Date;
  readonly completed: Date;
  readonly error?: string;
  readonly told: readonly Progress[];
}

/** The build as a span, and one below it for each run of a step; what was loaded instead of run says so in its name, as upstream's. */
export function buildSpans(build: TracedBuild): readonly Span[] {
  const { parent, told } = build;
  const root: Span = {
    ...(build.context ?? contextBelow(parent)),
    parentId: parent?.spanId ?? "",
    remoteParent: parent !== undefined,
    name: build.name,
    kind: "server",
    start: nanoseconds(build.started),
    end: nanoseconds(build.completed),
    attributes: build.attributes,
    ...(build.error !== undefined && { error: build.error }),
  };
  const updates = told.flatMap(({ vertexes = [] }) => vertexes);
  // A step is told of more than once: the last word about each of its runs counts.
  const runs = new Map(updates.map((update) => [`${update.digest} ${Number(update.started)}`, update]));
  const seen = new Set<string>();
  const steps = [...runs.values()].flatMap(({ digest, name, started, completed, cached, error }): Span[] => {
    if (started === undefined || completed === undefined) return [];
    const { spanId } = contextOfStep(root, digest);
    const step: Span = {
      traceId: root.traceId,
      spanId: seen.has(digest) ? newSpanId() : spanId,
      parentId: root.spanId,
      remoteParent: false,
      name: cached ? `load cache: ${name}` : name,
      kind: "internal",
      start: nanoseconds(started),
      end: nanoseconds(completed),
      attributes: { vertex: digest },
      ...(error !== undefined && error !== "" && { error }),
    };
    seen.add(digest);
    return [step];
  });
  return [root, ...steps];
}
