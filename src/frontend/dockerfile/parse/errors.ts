import { CooperError, messageOf } from "../../../kit/index.ts";
import type { SourceErrorDetails, SourceFile } from "../../contract.ts";
import type { Location } from "./instruction.ts";

/**
 * `error` with a place in `source`. An error that has a place already keeps it and gets this one as a further place
 * (upstream's `WithLocation`); the message stays.
 */
export function locate(error: unknown, source: SourceFile, location: Location): CooperError {
  const earlier = sourceDetailsOf(error);
  if (earlier === undefined) return withDetails(error, { kind: "source", source, ranges: location });
  const more = [...(earlier.more ?? []), { kind: "source", source, ranges: location } as const];
  return withDetails(error, { ...earlier, more });
}

/** `error` at this place only, whatever place it had (upstream's `SetLocation`; for ONBUILD triggers). */
export function relocate(error: unknown, source: SourceFile, location: Location): CooperError {
  return withDetails(error, { kind: "source", source, ranges: location });
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
  const hint = `there is more to correct: ${list.join("; ")}`;
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
