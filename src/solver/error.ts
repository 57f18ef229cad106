import { CooperError, type Digest, isCooperError, messageOf } from "../kit/index.ts";
import type { VertexErrorDetails } from "./contract.ts";

/** The op's error with its vertex known: same sentence, after `prefix`. An error that has a vertex already keeps it. */
export function vertexError(vertex: Digest, cause: unknown, prefix = ""): CooperError {
  if (isCooperError(cause, "solver/vertex-failed")) return cause;
  const details: VertexErrorDetails = { kind: "vertex", vertex };
  return new CooperError("solver/vertex-failed", `${prefix}${messageOf(cause)}`, { cause, details });
}
