import { CooperError, type Digest, sha256 } from "../kit/index.ts";
import { encode, pb } from "../wire/index.ts";
import type { Input, Op } from "./op.ts";
import { opToWire } from "./to-wire.ts";

/**
 * The bytes of an op, equal to what upstream's Go client marshals: inputs (1), platform (10), constraints (11, even when
 * empty), then the body. Their sha256 is the vertex's identity, so cache entries and digests agree with upstream. Throws
 * `llb/not-utf8` for text that stands for other bytes (kit's raw-text.ts), as upstream's client does.
 */
export function marshalOp(op: Op): { readonly bytes: Uint8Array; readonly digest: Digest } {
  const message = opToWire(op);
  if (!isWellFormed(message)) throw new CooperError("llb/not-utf8", "string field contains invalid UTF-8");
  const bytes = encode(pb.Op, message);
  return { bytes, digest: sha256(bytes) };
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return true;
  if (value instanceof Map) return [...value.entries()].every(isWellFormed);
  return Object.values(value).every(isWellFormed);
}

/** The last op of a definition: it has no body and no constraints, and points at the result. */
export function marshalHead(head: Input): Uint8Array {
  return encode(pb.Op, { inputs: [{ digest: head.digest, index: BigInt(head.index) }] });
}
