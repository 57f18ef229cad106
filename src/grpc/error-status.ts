import { CooperError, messageOf } from "../kit/index.ts";
import { Code } from "./code.ts";
import { type ErrorDetail, errorDetail, frontendDetail, solveDetail, stackDetail } from "./error-details.ts";
import { carriedStatus, type RpcStatus } from "./rpc-error.ts";

/** Codes of ours that are more than UNKNOWN to a client; everything else is that, as upstream's are. */
const codes: Readonly<Record<string, number>> = {
  "engine/unknown-ref": Code.NOT_FOUND,
  "engine/not-supported": Code.UNIMPLEMENTED,
  "dockerfile/unsupported-capability": Code.UNIMPLEMENTED,
  "gateway/unsupported-capability": Code.UNIMPLEMENTED,
};

/**
 * What a failed call tells its client: the sentence, and upstream's typed details by which it shows the Dockerfile's lines:
 * where the error comes from in the code, then what each error of its chain carries, the outermost first.
 */
export function errorStatus(error: unknown): RpcStatus {
  const carried = carriedStatus(error);
  if (carried !== undefined) return carried;
  const code = error instanceof CooperError ? (codes[error.code] ?? Code.UNKNOWN) : Code.UNKNOWN;
  return { code, message: messageOf(error), details: [...stackDetail(chainOf(error).at(-1)), ...detailsOf(error)] };
}

/**
 * The same for an error of a solve that a frontend asked for: it tells the op that failed, too, so that it can be looked into, and the
 * frontend that was asked to work, if one was.
 */
export function solveErrorStatus(
  error: unknown,
  frontend?: { readonly name: string; readonly source?: string },
): RpcStatus {
  const plain = errorStatus(error);
  const asked = frontend === undefined ? [] : [frontendDetail(frontend.name, frontend.source)];
  const status = { ...plain, details: [...asked, ...plain.details] };
  const carried = chainOf(error).map(({ details }) => details as ErrorDetail | undefined);
  if (carried.some((details) => details?.kind === "solve")) return status;
  return { ...status, details: [...status.details, solveDetail(carried)] };
}

function detailsOf(error: unknown): RpcStatus["details"] {
  // A wrapped error's details may have been taken over by the one around it.
  const carried = new Set(chainOf(error).map(({ details }) => details as ErrorDetail | undefined));
  return [...carried].flatMap((details) => (details === undefined ? [] : errorDetail(details)));
}

function chainOf(error: unknown): readonly (Error & { readonly details?: unknown })[] {
  const chain: (Error & { readonly details?: unknown })[] = [];
  for (let one = error; one instanceof Error && chain.length < 20; one = one.cause) chain.push(one);
  return chain;
}
