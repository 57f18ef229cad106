import { Code } from "./code.ts";
import type { HeaderList } from "./http2/index.ts";
import { rpcError } from "./rpc-error.ts";

/** Names in lower case; a name may have several values. */
export type Metadata = ReadonlyMap<string, readonly string[]>;

export const noMetadata: Metadata = new Map();

const own = /^(:|content-type$|te$|grpc-)/;

/** What the other side said beside the call: every header that is not the protocol's. */
export function metadataOf(headers: HeaderList): Metadata {
  const metadata = new Map<string, string[]>();
  for (const [name, value] of headers) {
    if (own.test(name)) continue;
    const values = metadata.get(name);
    if (values === undefined) metadata.set(name, [value]);
    else values.push(value);
  }
  return metadata;
}

/** Headers for metadata. Throws INTERNAL for a value that gRPC cannot carry, in grpc-go's words. */
export function metadataHeaders(metadata: Metadata): HeaderList {
  return [...metadata].flatMap(([name, values]) =>
    values.map((value) => {
      if (/^[ -~]*$/.test(value)) return [name, value] as const;
      const shown = JSON.stringify(name);
      throw rpcError(Code.INTERNAL, `header key ${shown} contains value with non-printable ASCII characters`);
    }),
  );
}

/** The first value of that header. */
export function headerOf(headers: HeaderList, wanted: string): string | undefined {
  return headers.find(([name]) => name === wanted)?.[1];
}

/** The first value of that name. */
export function firstOf(metadata: Metadata, name: string): string | undefined {
  return metadata.get(name)?.[0];
}

const units: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Milliseconds of a `grpc-timeout`, or undefined when there is none that can be read. */
export function parseTimeout(value: unknown): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(String(value ?? ""));
  const unit = units[match?.[2] ?? ""];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}

/** `grpc-timeout` of so many milliseconds, at least one. */
export function formatTimeout(milliseconds: number): string {
  const whole = Math.max(1, Math.ceil(milliseconds));
  return whole < 1e8 ? `${whole}m` : `${Math.min(99_999_999, Math.ceil(whole / 1000))}S`;
}
