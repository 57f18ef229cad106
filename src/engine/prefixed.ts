import { CooperError, messageOf } from "../kit/index.ts";

/** The error, with what was being done said before it. */
export function prefixed(what: string, error: unknown): CooperError {
  const { code, hint, details } = error instanceof CooperError ? error : { code: "engine/failed" };
  return new CooperError(code, `${what}: ${messageOf(error)}`, {
    cause: error,
    details,
    ...(hint !== undefined && { hint }),
  });
}
