import { getSystemErrorMap } from "node:util";

/** What an error carries besides its sentence. */
export interface ErrorExtras {
  /** What the user can do about it; one sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** A typed payload that a higher room attaches (source ranges, exit code, …); never secrets. */
  readonly details?: unknown;
}

/**
 * The one error class of Cooper: a stable `code` (`room/what`), a sentence for people, perhaps a hint and a cause.
 * Sentences follow docs/errors.md: failed action first, no full stop.
 */
export class CooperError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly details: unknown;
  constructor(code: string, message: string, extras: ErrorExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.name = "CooperError";
    this.code = code;
    this.hint = extras.hint;
    this.details = extras.details;
  }
}

/** True for a CooperError of that code, or of any code in that family when `code` ends in "/". */
export function isCooperError(error: unknown, code?: string): error is CooperError {
  if (!(error instanceof CooperError)) return false;
  return code === undefined || (code.endsWith("/") ? error.code.startsWith(code) : error.code === code);
}

/**
 * The error after words that say what was being done: `failed to push NAME: …`. Code, hint and details stay, the error itself
 * becomes the cause. What is no CooperError gets the code `otherwise`.
 */
export function prefixed(what: string, error: unknown, otherwise: string): CooperError {
  const { code, hint, details } = error instanceof CooperError ? error : { code: otherwise };
  return new CooperError(code, `${what}: ${messageOf(error)}`, { cause: error, hint, details });
}

/** The `code` of a Node system error (`ENOENT`, …), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return undefined;
}

/** Why the system refused something, in its own words ("broken pipe"); the message of any other error. */
export function reasonOf(error: unknown): string {
  const errno = error instanceof Error && "errno" in error ? error.errno : undefined;
  const words = typeof errno === "number" ? getSystemErrorMap().get(errno)?.[1] : undefined;
  return words ?? messageOf(error);
}

/** What went wrong first, when tidying up after it failed as well (Node's `SuppressedError` holds both, and says neither). */
export function firstOf(error: unknown): unknown {
  return error instanceof SuppressedError ? firstOf(error.suppressed) : error;
}

/** A one-line message for anything thrown. */
export function messageOf(error: unknown): string {
  const first = firstOf(error);
  return first instanceof Error ? first.message : String(first);
}
