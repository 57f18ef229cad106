import { standardFlags } from "./parse.ts";
import type { CommandSpec, FlagSpec } from "./spec.ts";

/** The help text of the last command of `path`, laid out as upstream's. Ends with a newline. */
export function helpText(path: readonly CommandSpec[]): string {
  const command = path.at(-1);
  if (command === undefined) return "";
  const names = path.map((one) => one.name).join(" ");
  const sections = [`NAME:\n   ${names} - ${command.usage}`, `USAGE:\n   ${usageLine(path, command, names)}`];
  if (command.version !== undefined) sections.push(`VERSION:\n   ${command.version}`);
  if (command.commands !== undefined) sections.push(`COMMANDS:\n${commandTable(path, command.commands)}`);
  const own = [...command.flags, ...standardFlags(path)];
  sections.push(`${path.length === 1 ? "GLOBAL " : ""}OPTIONS:\n${flagTable(own)}`);
  const inherited = command.commands === undefined ? path.slice(0, -1).flatMap((one) => one.flags) : [];
  if (inherited.length > 0) sections.push(`GLOBAL OPTIONS:\n${flagTable(inherited)}`);
  return `${sections.join("\n\n")}\n`;
}

function usageLine(path: readonly CommandSpec[], command: CommandSpec, names: string): string {
  if (command.usageText !== undefined) return command.usageText;
  const options = path.length === 1 ? " [global options]" : command.commands === undefined ? " [options]" : "";
  const commands = command.commands === undefined ? "" : " [command [command options]]";
  const args = command.argsUsage === undefined ? "" : ` ${command.argsUsage}`;
  return `${names}${options}${commands}${args}`;
}

function commandTable(path: readonly CommandSpec[], commands: readonly CommandSpec[]): string {
  const rows = commands
    .filter((command) => command.hidden !== true)
    .map((command) => [[command.name, ...(command.aliases ?? [])].join(", "), command.usage] as const);
  const help = ["help, h", "Shows a list of commands or help for one command"] as const;
  return table(path.length === 1 ? [...rows, help] : rows);
}

function flagTable(flags: readonly FlagSpec[]): string {
  return table(flags.filter((flag) => flag.hidden !== true).map((flag) => [flagName(flag), flagUsage(flag)] as const));
}

function flagName(flag: FlagSpec): string {
  const type = flag.kind === "bool" ? "" : flag.kind === "strings" ? " string" : ` ${flag.kind}`;
  const once = [`--${flag.name}${type}`, ...(flag.alias === undefined ? [] : [`-${flag.alias}${type}`])].join(", ");
  return flag.kind === "strings" ? `${once} [ ${once} ]` : once;
}

function flagUsage(flag: FlagSpec): string {
  const quoted = flag.kind === "string" || flag.kind === "strings" ? JSON.stringify(flag.value) : flag.value;
  const value = flag.value === undefined ? "" : ` (default: ${quoted})`;
  const env = flag.env === undefined ? "" : ` [$${flag.env}]`;
  return `${flag.usage}${value}${env}`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `   ${left.padEnd(width)}  ${right}`).join("\n");
}
