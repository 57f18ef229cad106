import { cutArguments, type LineArguments } from "./arguments.ts";
import type { LineNode } from "./node.ts";
import { splitLine } from "./split.ts";

/** `ONBUILD ONBUILD …` is an error at the second one; deeper ones need no look. */
const maxNesting = 8;

/** A line's node before its heredocs are read. */
export type BareNode = Omit<LineNode, "heredocs" | "comments" | "startLine" | "endLine">;

/** Splits a logical line. Throws `dockerfile/syntax` without a place. */
export function parseLine(line: string, escapeToken: string, nesting = 0): BareNode {
  const { command, flags, rest } = splitLine(line, escapeToken);
  const base = { command, flags, original: line };
  if (command.toLowerCase() !== "onbuild") {
    return { ...base, ...cutArguments(command.toLowerCase(), rest, escapeToken), child: undefined };
  }
  if (rest === "" || nesting === maxNesting) return { ...base, args: [], json: false, child: undefined };
  const trigger = parseLine(rest, escapeToken, nesting + 1);
  const child: LineNode = { ...trigger, heredocs: [], comments: [], startLine: 0, endLine: 0 };
  return { ...base, ...onbuildArguments(child), child };
}

function onbuildArguments(child: LineNode): LineArguments {
  return { args: [child.command, ...child.args], json: false };
}

/** True for RUN, COPY and ADD in shell form, also behind an ONBUILD. */
export function takesHeredocs(node: BareNode): boolean {
  const command = node.child ?? node;
  return ["add", "copy", "run"].includes(command.command.toLowerCase()) && !command.json;
}
