import { CooperError, isCooperError, suggest } from "../../kit/index.ts";
import type { CommandSpec, FlagSpec, FlagValues } from "./spec.ts";
import { checkValue, FlagStore } from "./values.ts";

const helpFlag: FlagSpec = { name: "help", alias: "h", kind: "bool", usage: "show help" };
const versionFlag: FlagSpec = { name: "version", alias: "v", kind: "bool", usage: "print the version" };

/** What a command line asks for. `path` goes from the program to the command. */
export type Invocation =
  | {
      readonly kind: "run";
      readonly path: readonly CommandSpec[];
      readonly values: FlagValues;
      readonly args: readonly string[];
    }
  | { readonly kind: "help"; readonly path: readonly CommandSpec[] }
  | { readonly kind: "version" }
  | { readonly kind: "usage-error"; readonly path: readonly CommandSpec[]; readonly error: CooperError }
  | { readonly kind: "unknown-command"; readonly name: string; readonly suggestion?: string };

interface Words {
  readonly words: readonly string[];
  at: number;
}

/** Flags that every command has beside its own. */
export function standardFlags(path: readonly CommandSpec[]): readonly FlagSpec[] {
  return path.length === 1 && path[0]?.version !== undefined ? [helpFlag, versionFlag] : [helpFlag];
}

/**
 * Reads a command line by the rules of upstream's parser: `-flag` and `--flag` are the same, the value follows `=` or is
 * the next word, a parent's flags are accepted after the command, `--` ends the flags.
 */
export function parseCommandLine(program: CommandSpec, argv: readonly string[], env: NodeJS.ProcessEnv): Invocation {
  let path: readonly CommandSpec[] = [program];
  const words: Words = { words: argv, at: 0 };
  const given: [FlagSpec, string][] = [];
  const positional: string[] = [];
  try {
    for (let word = argv[0]; word !== undefined; word = words.words[words.at]) {
      words.at++;
      const command = positional.length === 0 ? findCommand(path, word) : undefined;
      if (word.trim() === "--") positional.push(...words.words.slice(words.at));
      if (word.trim() === "--") break;
      if (command !== undefined) path = [...path, command];
      else if (isFlag(word)) given.push(readFlag(word.trim(), words, path));
      else positional.push(word);
    }
    return conclude(path, given, positional, env);
  } catch (error) {
    if (!isCooperError(error, "cli/usage")) throw error;
    return { kind: "usage-error", path, error };
  }
}

function findCommand(path: readonly CommandSpec[], word: string): CommandSpec | undefined {
  return path.at(-1)?.commands?.find((command) => command.name === word || command.aliases?.includes(word));
}

function isFlag(word: string): boolean {
  return /^--./.test(word.trim()) || /^-\p{L}/u.test(word.trim());
}

function flagsOf(path: readonly CommandSpec[]): FlagSpec[] {
  return [...path.toReversed().flatMap((command) => command.flags), ...standardFlags(path)];
}

function readFlag(word: string, words: Words, path: readonly CommandSpec[]): [FlagSpec, string] {
  const [flag, value] = flagWithValue(word, words, path);
  checkValue(flag, value);
  return [flag, value];
}

function flagWithValue(word: string, words: Words, path: readonly CommandSpec[]): [FlagSpec, string] {
  const text = word.replace(/^--?/, "");
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const flags = flagsOf(path);
  const flag = flags.find((one) => one.name === name || one.alias === name);
  if (flag === undefined) throw unknownFlag(name, flags);
  const value = equals < 0 ? "" : text.slice(equals + 1);
  if (flag.kind === "bool") return [flag, value === "" ? "true" : value];
  if (equals >= 0) return [flag, value];
  const next = words.words[words.at++];
  if (next === undefined) throw new CooperError("cli/usage", `flag needs an argument: ${word}`);
  return [flag, next];
}

function unknownFlag(name: string, flags: readonly FlagSpec[]): CooperError {
  const near = suggest(
    name,
    flags.map((flag) => flag.name),
  );
  const hint = near === undefined ? undefined : `did you mean --${near}?`;
  return new CooperError("cli/usage", `flag provided but not defined: -${name}`, { hint });
}

function conclude(
  path: readonly CommandSpec[],
  given: readonly [FlagSpec, string][],
  positional: readonly string[],
  env: NodeJS.ProcessEnv,
): Invocation {
  const values = new FlagStore([...flagsOf(path), versionFlag], env);
  for (const [flag, value] of given) values.set(flag, value);
  if (values.bool("help")) return { kind: "help", path };
  if (values.bool("version")) return { kind: "version" };
  const commands = path.at(-1)?.commands;
  if (commands === undefined) return { kind: "run", path, values, args: positional };
  const [first, ...rest] = positional;
  if (first === undefined) return { kind: "help", path };
  if (first !== "help" && first !== "h") return unknownCommand(first, commands);
  return helpFor(path, rest);
}

/** `help build` and the like. */
function helpFor(path: readonly CommandSpec[], names: readonly string[]): Invocation {
  const [name] = names;
  if (name === undefined) return { kind: "help", path };
  const command = findCommand(path, name);
  return command === undefined
    ? unknownCommand(name, path.at(-1)?.commands ?? [])
    : { kind: "help", path: [...path, command] };
}

function unknownCommand(name: string, commands: readonly CommandSpec[]): Invocation {
  const near = suggest(
    name,
    commands.map((command) => command.name),
  );
  return { kind: "unknown-command", name, ...(near === undefined ? {} : { suggestion: near }) };
}
