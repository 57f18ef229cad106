import { type RpcStatus, rpcError } from "../grpc/index.ts";
import type { CooperError } from "../kit/index.ts";

/** The error that a client gave back: it goes to its build as it came, details and all. */
export function carriedError({ code, message, details }: RpcStatus): CooperError {
  return rpcError(code, message, details);
}
