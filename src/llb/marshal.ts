import { type Digest, sha256 } from "../kit/index.ts";
import { encode, pb } from "../wire/index.ts";
import type { Input, Op } from "./op.ts";
import { opToWire } from "./to-wire.ts";

/**
 * The bytes of an op, equal to what upstream's Go client marshals: inputs (1), platform (10), constraints (11, even when
 * empty), then the body. Their sha256 is the vertex's identity, so cache entries and digests agree with upstream.
 */
export function marshalOp(op: Op): { readonly bytes: Uint8Array; readonly digest: Digest } {
  const bytes = encode(pb.Op, opToWire(op));
  return { bytes, digest: sha256(bytes) };
}

/** The last op of a definition: it has no body and no constraints, and points at the result. */
export function marshalHead(head: Input): Uint8Array {
  return encode(pb.Op, { inputs: [{ digest: head.digest, index: BigInt(head.index) }] });
}
