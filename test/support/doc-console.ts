import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** A command that a page shows, with what it says that the command prints. */
export interface ShownCommand {
  readonly command: string;
  /** Standard output and standard error as they come. A line `…` stands for any lines. */
  readonly output: string;
  readonly line: number;
}

/** The blocks of a page of docs/ with a language, as they stand, each with the number of its first line. */
export function blocksOf(page: string, language: string): { readonly text: string; readonly line: number }[] {
  const text = readFileSync(resolve(import.meta.dirname, "../../docs", page), "utf8");
  const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms");
  return [...text.matchAll(fence)].map((found) => ({
    text: found[1] ?? "",
    line: text.slice(0, found.index).split("\n").length + 1,
  }));
}

/** The commands of a page's `console` blocks: lines after `$ `, continued by a backslash, and the lines printed after them. */
export function shownCommands(page: string): ShownCommand[] {
  return blocksOf(page, "console").flatMap(({ text, line }) => {
    const parts = text.replaceAll("\\\n", "\\\0").split(/^(?=\$ )/m);
    let at = line;
    return parts.map((part) => {
      const [first = "", ...output] = part.split("\n");
      const command = { command: first.slice(2).replaceAll("\0", "\n"), output: output.join("\n"), line: at };
      at += part.replaceAll("\0", "\n").split("\n").length - 1;
      return command;
    });
  });
}

/** Runs a shown command in a folder, with more folders to look for programs in, and gives all that it printed. */
export function runShown({ command }: ShownCommand, cwd: string, path: string): string {
  const env = { ...process.env, PATH: `${path}:${process.env.PATH}` };
  const { stdout } = spawnSync("sh", ["-c", `{ ${command}\n} 2>&1`], {
    cwd,
    env,
    encoding: "utf8",
    maxBuffer: 16 << 20,
  });
  return stdout;
}

/** An expression for output in which a line `…` stands for any lines. */
export function outputPattern(output: string): RegExp {
  const parts = output.split(/^…\n/m).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("(?:.*\\n)*?")}$`);
}
