import { trim } from "../../../kit/index.ts";
/** One function per command: from the words of a line to the typed instruction. FROM is in stage.ts, RUN, COPY/ADD and HEALTHCHECK have files too. */
import { compareBytes } from "../../../oci/index.ts";
import { readFlags } from "./flags.ts";
import type { ArgPair, CommandLine, Instruction, InstructionBase, KeyValue } from "./instruction.ts";
import { atLeastOne, blankName, exactlyOne, invalid } from "./messages.ts";
import type { LineNode } from "./node.ts";

/** Turns a node into its instruction; `base` is what all share. Throws `dockerfile/invalid` without a place. */
export type CommandReader = (node: LineNode, base: InstructionBase) => Instruction;

export const readEnv: CommandReader = (node, base) => {
  readFlags(node.flags);
  return { ...base, kind: "env", env: keyValues(node.args, "ENV") };
};

export const readLabel: CommandReader = (node, base) => {
  readFlags(node.flags);
  return { ...base, kind: "label", labels: keyValues(node.args, "LABEL") };
};

function keyValues(args: readonly string[], command: string): KeyValue[] {
  if (args.length === 0) throw atLeastOne(command);
  const pairs: KeyValue[] = [];
  for (let at = 0; at < args.length; at += 3) {
    const [key = "", value = "", separator = ""] = args.slice(at, at + 3);
    if (key === "") throw blankName(command, `=${value}`);
    pairs.push({ key, value, noDelim: separator === "" });
  }
  return pairs;
}

/** ARG takes no flags and does not complain about any. */
export const readArg: CommandReader = (node, base) => {
  if (node.args.length === 0) throw atLeastOne("ARG");
  return { ...base, kind: "arg", args: node.args.map((word) => argPair(word, node.comments)) };
};

function argPair(word: string, comments: readonly string[]): ArgPair {
  const at = word.indexOf("=");
  if (at === 0) throw blankName("ARG", word);
  const key = at < 0 ? word : word.slice(0, at);
  return { key, value: at < 0 ? undefined : word.slice(at + 1), docComment: docComment(comments, key) };
}

/** The description in a comment `# NAME description`, or "". */
export function docComment(comments: readonly string[], name: string): string {
  if (name === "") return "";
  return comments.find((comment) => comment.startsWith(`${name} `))?.slice(name.length + 1) ?? "";
}

export const readMaintainer: CommandReader = (node, base) => {
  const maintainer = single(node, "MAINTAINER");
  readFlags(node.flags);
  return { ...base, kind: "maintainer", maintainer };
};

export const readWorkdir: CommandReader = (node, base) => {
  const path = single(node, "WORKDIR");
  readFlags(node.flags);
  return { ...base, kind: "workdir", path };
};

export const readUser: CommandReader = (node, base) => {
  const user = single(node, "USER");
  readFlags(node.flags);
  return { ...base, kind: "user", user };
};

/** Like ARG, STOPSIGNAL does not look at flags. */
export const readStopSignal: CommandReader = (node, base) => {
  return { ...base, kind: "stopsignal", signal: single(node, "STOPSIGNAL") };
};

function single(node: LineNode, command: string): string {
  const [only] = node.args;
  if (only === undefined || node.args.length !== 1) throw exactlyOne(command);
  return only;
}

export const readExpose: CommandReader = (node, base) => {
  if (node.args.length === 0) throw atLeastOne("EXPOSE");
  readFlags(node.flags);
  return { ...base, kind: "expose", ports: [...node.args].sort(compareBytes) };
};

export const readVolume: CommandReader = (node, base) => {
  if (node.args.length === 0) throw atLeastOne("VOLUME");
  readFlags(node.flags);
  const volumes = node.args.map(trim);
  if (volumes.includes("")) throw invalid("VOLUME specified can not be an empty string");
  return { ...base, kind: "volume", volumes };
};

export const readCmd: CommandReader = (node, base) => {
  readFlags(node.flags);
  return { ...base, kind: "cmd", ...commandLine(node) };
};

export const readEntrypoint: CommandReader = (node, base) => {
  readFlags(node.flags);
  return { ...base, kind: "entrypoint", ...commandLine(node) };
};

export const readShell: CommandReader = (node, base) => {
  readFlags(node.flags);
  if (node.args.length === 0) throw atLeastOne("SHELL");
  if (!node.json) throw invalid("SHELL requires the arguments to be in JSON form");
  return { ...base, kind: "shell", shell: node.args };
};

/** Exec or shell form, with the heredocs of the line. */
export function commandLine(node: LineNode): CommandLine {
  return {
    cmdLine: execOrShell(node.args, node.json),
    files: node.heredocs.map(({ name, content, chomp }) => ({ name, data: content, chomp })),
    prependShell: !node.json,
  };
}

/** The array of exec form, or the words of shell form as one string; nothing stays nothing. */
export function execOrShell(args: readonly string[], json: boolean): readonly string[] {
  return json || args.length === 0 ? args : [args.join(" ")];
}

export const readOnbuild: CommandReader = (node, base) => {
  const [first] = node.args;
  if (first === undefined) throw atLeastOne("ONBUILD");
  readFlags(node.flags);
  const trigger = trim(first).toUpperCase();
  if (trigger === "ONBUILD") throw invalid("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed", first);
  if (trigger === "MAINTAINER" || trigger === "FROM") {
    throw invalid(`${trigger} isn't allowed as an ONBUILD trigger`, first);
  }
  const line = node.original.replace(/^[\t\n\f\r ]*ONBUILD[\t\n\f\r ]*/i, "");
  const bodies = node.heredocs.map(({ name, content }) => `\n${content}${name}`);
  return { ...base, kind: "onbuild", expression: line + bodies.join("") };
};
