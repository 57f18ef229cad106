import { excerpt, messageOf } from "../../../kit/index.ts";
import type { SourceFile } from "../../contract.ts";
import type { LintFinding } from "../lint/index.ts";
import { type Location, sourceDetailsOf } from "../parse/index.ts";
import { definitionJson } from "./definition-json.ts";
import { base64, locationJson, type RequestResult, requestResult } from "./result.ts";

/**
 * The answer to `frontend.lint`: findings in the order in which they were made, and the error that kept the file from
 * being converted, if one did. `result.statuscode` is "1" when there is anything to say.
 */
export function lintResult(source: SourceFile, findings: readonly LintFinding[], error?: unknown): RequestResult {
  const json = {
    warnings: findings.length === 0 ? null : findings.map(findingJson),
    sources: [sourceJson(source)],
    buildError: error === undefined ? undefined : { message: messageOf(error), location: errorLocation(error) },
  };
  const failed = findings.length > 0 || error !== undefined;
  return requestResult(json, lintText(source, findings), { "result.statuscode": failed ? "1" : "0" });
}

function findingJson({ rule, description, url, message, location }: LintFinding): object {
  const omitEmpty = { description: description || undefined, url: url || undefined, detail: message || undefined };
  return { ruleName: rule, ...omitEmpty, location: locationJson(location) };
}

function sourceJson(source: SourceFile): object {
  return {
    filename: source.filename || undefined,
    data: source.data.length === 0 ? undefined : base64(source.data),
    definition: source.definition && definitionJson(source.definition),
    language: source.language || undefined,
  };
}

/** Findings in the order of their lines, each with its excerpt; those without a place first. */
function lintText(source: SourceFile, findings: readonly LintFinding[]): string {
  const line = ({ location }: LintFinding) => location[0]?.start.line ?? 0;
  const sorted = [...findings].sort((a, b) => line(a) - line(b));
  return sorted
    .map(({ rule, url, message, location }) => {
      const heading = url === "" ? rule : `${rule} - ${url}`;
      return `\nWARNING: ${heading}\n${message}\n${excerpt({ ...source, ranges: location })}`;
    })
    .join("");
}

/** All places of the error in one list, in order, places on the same line as one. */
function errorLocation(error: unknown): object {
  const details = sourceDetailsOf(error);
  if (details === undefined) return {};
  const all = [details, ...(details.more ?? [])].flatMap(({ ranges }) => [...ranges]);
  return locationJson(mergeRanges(all.sort((a, b) => a.start.line - b.start.line)));
}

function mergeRanges(sorted: Location): Location {
  const merged: Location[number][] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last === undefined || range.start.line > last.end.line) {
      merged.push(range);
    } else if (range.end.line > last.end.line) {
      merged[merged.length - 1] = { start: last.start, end: { ...last.end, line: range.end.line } };
    }
  }
  return merged;
}
