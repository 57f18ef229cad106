import { standardFlags } from "../args/parse.ts";
import type { CommandSpec } from "../args/spec.ts";

/**
 * What may follow a command line, as the shells' scripts read it: `word:what it is`, a line each. `argv` is without the completion
 * flag; a last word that begins with `-` is one to complete, else the next word is meant.
 */
export function candidates(program: CommandSpec, argv: readonly string[]): string {
  const last = argv.at(-1) ?? "";
  const path = pathOf(program, argv);
  return last.startsWith("-") ? flagLines(path, argv, last) : commandLines(path);
}

function pathOf(program: CommandSpec, argv: readonly string[]): readonly CommandSpec[] {
  const path = [program];
  for (const word of argv) {
    const next = path.at(-1)?.commands?.find((command) => command.name === word || command.aliases?.includes(word));
    if (next !== undefined) path.push(next);
  }
  return path;
}

function commandLines(path: readonly CommandSpec[]): string {
  const commands = (path.at(-1)?.commands ?? []).filter((command) => command.hidden !== true);
  const lines = commands.map((command) => `${command.name}:${command.usage}\n`);
  return `${lines.join("")}help:Shows a list of commands or help for one command\n`;
}

function flagLines(path: readonly CommandSpec[], argv: readonly string[], last: string): string {
  const begun = last.replace(/^-+/, "");
  const flags = [...(path.at(-1)?.flags ?? []), ...standardFlags(path)];
  return flags
    .filter((flag) => flag.hidden !== true && flag.name.startsWith(begun) && !argv.includes(`--${flag.name}`))
    .map((flag) => `--${flag.name}:${flag.usage}\n`)
    .join("");
}
