/** OpenTelemetry's kinds of spans, as far as builds have them. */
export type SpanKind = "internal" | "server" | "client";

export type AttributeValue = string | number | boolean;

/** A piece of work that has ended. */
export interface Span {
  /** 32 and 16 hexadecimal digits. */
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: nobody's. */
  readonly parentId: string;
  /** The parent was in another process. */
  readonly remoteParent: boolean;
  readonly name: string;
  readonly kind: SpanKind;
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Why it failed. */
  readonly error?: string;
  /** Of whom this is; empty: of this process. */
  readonly resource?: Readonly<Record<string, AttributeValue>>;
  readonly scope?: string;
}

/** Milliseconds as spans have them. */
export const nanoseconds = (time: Date | number) => BigInt(Math.round(Number(time) * 1e6));
