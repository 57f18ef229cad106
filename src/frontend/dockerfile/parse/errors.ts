import { CooperError, messageOf } from "../../../kit/index.ts";
import type { SourceErrorDetails, SourceFile } from "../../contract.ts";
import { findExact } from "./exact-place.ts";
import type { Location } from "./instruction.ts";

/** `details` of an error without a place yet: what it blames, as the file may have it, the likeliest first. */
export interface Blame {
  readonly kind: "blame";
  readonly blamed: readonly string[];
}

/** Details for `new CooperError` that let `locate` find the exact place. */
export function blame(...blamed: readonly string[]): { readonly details: Blame } {
  return { details: { kind: "blame", blamed } };
}

/** What `locate` goes by for the exact place. */
export interface Suspicion {
  /** Blamed when the error itself blames nothing that is found. */
  readonly blamed?: readonly string[];
  /** Where to look, when upstream names other lines, or none. */
  readonly lines?: Location;
  /** Upstream names no place. */
  readonly unsent?: boolean;
}

/** Runs `work`; an error of it that blames nothing yet blames these texts. */
export function blaming<T>(blamed: readonly string[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CooperError) || error.details !== undefined) throw error;
    throw new CooperError(error.code, error.message, extrasOf(error, blame(...blamed).details));
  }
}

/**
 * `error` with a place in `source`. An error that has a place already keeps it and gets this one as a further place
 * (upstream's `WithLocation`); the message stays.
 */
export function locate(error: unknown, source: SourceFile, location: Location, more: Suspicion = {}): CooperError {
  const earlier = sourceDetailsOf(error);
  if (earlier === undefined) {
    const { lines = location, blamed = [], unsent } = more;
    const exact = findExact(source, lines, [...blamedBy(error), ...blamed]);
    return withDetails(error, {
      ...{ kind: "source", source, ranges: location },
      ...(exact && { exact }),
      ...(unsent && { unsent }),
    });
  }
  const places = [...(earlier.more ?? []), { kind: "source", source, ranges: location } as const];
  return withDetails(error, { ...earlier, more: places });
}

/** `error` at this place only, whatever place it had (upstream's `SetLocation`; for ONBUILD triggers). */
export function relocate(error: unknown, source: SourceFile, location: Location): CooperError {
  const exact = findExact(source, location, []);
  return withDetails(error, { kind: "source", source, ranges: location, ...(exact && { exact }) });
}

function blamedBy(error: unknown): readonly string[] {
  const details = error instanceof CooperError ? error.details : undefined;
  if (typeof details !== "object" || details === null || !("blamed" in details)) return [];
  return Array.isArray(details.blamed) ? details.blamed : [];
}

/** The place that an error carries, if it carries one. */
export function sourceDetailsOf(error: unknown): SourceErrorDetails | undefined {
  if (!(error instanceof CooperError)) return undefined;
  const details = error.details;
  const isSource = typeof details === "object" && details !== null && "kind" in details && details.kind === "source";
  return isSource ? (details as SourceErrorDetails) : undefined;
}

/** The same error with another sentence made of its own (upstream's `Wrap`). */
export function reworded(error: unknown, sentence: (message: string) => string): CooperError {
  const code = error instanceof CooperError ? error.code : "dockerfile/invalid";
  const message = sentence(messageOf(error));
  if (!(error instanceof CooperError)) return new CooperError(code, message, { cause: error });
  return new CooperError(code, message, extrasOf(error, error.details));
}

/** What is wrong with one line. */
export interface LineFailure {
  readonly line: number;
  readonly error: CooperError;
}

/** Further problems that a hint lists. */
export const maxFurther = 10;

/** `error` with a hint that names independent errors in other lines, at most `maxFurther`. */
export function withFurther(error: CooperError, others: readonly LineFailure[]): CooperError {
  if (others.length === 0) return error;
  const list = others.slice(0, maxFurther).map((other) => `line ${other.line}: ${other.error.message}`);
  const own = error.hint === undefined ? [] : [error.hint];
  const hint = [...own, `there is more to correct: ${list.join("; ")}`].join("; ");
  return new CooperError(error.code, error.message, { ...extrasOf(error, error.details), hint });
}

function withDetails(error: unknown, details: SourceErrorDetails): CooperError {
  if (!(error instanceof CooperError))
    return new CooperError("dockerfile/invalid", messageOf(error), { cause: error, details });
  return new CooperError(error.code, error.message, extrasOf(error, details));
}

function extrasOf({ hint, cause }: CooperError, details: unknown) {
  return { hint, cause, details };
}
