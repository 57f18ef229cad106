import { CooperError, type ExcerptPlace, errnoOf, excerpt, messageOf } from "../../kit/index.ts";

/**
 * What is printed of an error: the excerpts of the source that it points into, the sentence, the hint; with `debug` the stacks
 * of it and its causes, each after its code (docs/errors.md).
 */
export function errorReport(error: unknown, debug: boolean): string {
  const excerpts = [...new Set(placesOf(error).map(excerpt))].join("");
  const sentence = `error: ${messageOf(error)}\n`;
  const hint = hintOf(error);
  return `${excerpts}${sentence}${hint === undefined ? "" : `hint: ${hint}\n`}${debug ? stacksOf(error) : ""}`;
}

/** The error's own hint; else, when the kernel refused a user something, who knows more. */
function hintOf(error: unknown): string | undefined {
  if (error instanceof CooperError && error.hint !== undefined) return error.hint;
  const refused = causesOf(error).some((one) => ["EPERM", "EACCES"].includes(errnoOf(one) ?? ""));
  return refused && process.geteuid?.() !== 0
    ? "`cooper doctor` tells what this process may do here, and what is missing"
    : undefined;
}

/** The innermost error's place first. */
function placesOf(error: unknown): ExcerptPlace[] {
  const places: ExcerptPlace[] = [];
  for (const one of causesOf(error)) {
    const details = one instanceof CooperError ? one.details : undefined;
    if (isSourceDetails(details)) places.unshift({ ...details.source, ranges: details.ranges, exact: details.exact });
  }
  return places;
}

function causesOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let one = error; one !== undefined && chain.length < 50; one = one instanceof Error ? one.cause : undefined) {
    chain.push(one);
  }
  return chain;
}

interface SourceDetails {
  readonly kind: "source";
  readonly source: Pick<ExcerptPlace, "filename" | "data">;
  readonly ranges: ExcerptPlace["ranges"];
  readonly exact?: ExcerptPlace["exact"];
}

function isSourceDetails(details: unknown): details is SourceDetails {
  return typeof details === "object" && details !== null && "kind" in details && details.kind === "source";
}

function stacksOf(error: unknown): string {
  const stacks = causesOf(error).map((one) => {
    const stack = one instanceof Error ? (one.stack ?? one.message) : String(one);
    return one instanceof CooperError ? `[${one.code}] ${stack}` : stack;
  });
  return `${stacks.join("\ncaused by: ")}\n`;
}
