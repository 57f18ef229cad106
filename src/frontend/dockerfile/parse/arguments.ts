import { CooperError, isSpace, trimStart } from "../../../kit/index.ts";
import { blame } from "./errors.ts";
import { blanks } from "./split.ts";
import { nameValues, quotedWords } from "./words.ts";

/** The arguments of a line, cut as its command wants them. */
export interface LineArguments {
  readonly args: readonly string[];
  readonly json: boolean;
}

type Cut = (rest: string, escapeToken: string) => LineArguments;

/** How each command cuts its arguments; ONBUILD, which holds another line, is not here. */
const cuts: ReadonlyMap<string, Cut> = new Map<string, Cut>([
  ["add", jsonOrWords],
  ["arg", (rest, escapeToken) => plain(quotedWords(rest, escapeToken))],
  ["cmd", jsonOrText],
  ["copy", jsonOrWords],
  ["entrypoint", jsonOrText],
  ["env", (rest, escapeToken) => plain(nameValues(rest, "ENV", escapeToken))],
  ["expose", words],
  ["from", words],
  ["healthcheck", healthcheck],
  ["label", (rest, escapeToken) => plain(nameValues(rest, "LABEL", escapeToken))],
  ["maintainer", text],
  ["run", jsonOrText],
  ["shell", jsonOrText],
  ["stopsignal", text],
  ["user", text],
  ["volume", jsonOrWords],
  ["workdir", text],
]);

/** All instruction names, in lower case. */
export const instructionNames: readonly string[] = [...cuts.keys(), "onbuild"];

/** Cuts `rest`; a command that nobody knows has no arguments. Throws `dockerfile/syntax`. */
export function cutArguments(command: string, rest: string, escapeToken: string): LineArguments {
  return cuts.get(command)?.(rest, escapeToken) ?? plain([]);
}

const plain = (args: readonly string[]): LineArguments => ({ args, json: false });

function text(rest: string): LineArguments {
  return plain(rest === "" ? [] : [rest]);
}

function words(rest: string): LineArguments {
  return plain(rest === "" ? [] : rest.split(blanks));
}

function jsonOrText(rest: string): LineArguments {
  return jsonArray(rest) ?? text(rest);
}

function jsonOrWords(rest: string): LineArguments {
  return jsonArray(rest) ?? words(rest);
}

/** `CMD …` or `NONE`: a word, then text or a JSON array. */
function healthcheck(rest: string): LineArguments {
  let end = 0;
  while (end < rest.length && !isSpace(rest.charAt(end))) end++;
  if (end === 0) return plain([]);
  const command = jsonOrText(trimStart(rest.slice(end)));
  return { args: [rest.slice(0, end), ...command.args], json: command.json };
}

/** A JSON array of strings; undefined for anything that is no JSON array. Throws for an array with something else in it. */
function jsonArray(rest: string): LineArguments | undefined {
  const candidate = trimStart(rest);
  if (!candidate.startsWith("[")) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(candidate.toWellFormed());
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  const args = parsed.map((item: unknown) => {
    if (typeof item === "string") return item.toWellFormed();
    const sentence = "when using JSON array syntax, arrays must be comprised of strings only";
    throw new CooperError("dockerfile/syntax", sentence, blame(candidate.trimEnd()));
  });
  return { args, json: true };
}
