import { closeSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { pipe, type TerminalMode } from "../../sys/index.ts";
import type { ContainerProcess, TerminalSize } from "../contract.ts";
import { terminalIo } from "./terminal-io.ts";

/** What a process's standard streams are, seen from both sides. */
export interface ProcessIo {
  /** For `spawn`. */
  readonly targets: readonly [number | "ignore", number, number];
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable | undefined;
  resize(size: TerminalSize): void;
  /** To be called once the child runs: only it has its ends then. */
  closeTargets(): void;
  /** Nothing comes any more, and nobody reads on. */
  destroy(): void;
}

/** `mode`: of the terminal, when the process has one. */
export function processIo(
  { stdin, terminal }: Pick<ContainerProcess, "stdin" | "terminal">,
  mode: TerminalMode = "raw",
): ProcessIo {
  return terminal === undefined ? pipeIo(stdin) : terminalIo(stdin, terminal, mode);
}

/** Real pipes: with Node's own, which are sockets, a process could not open /dev/stdout. */
function pipeIo(hasStdin: boolean): ProcessIo {
  const [output, errors] = [pipe(), pipe()];
  const input = hasStdin ? pipe() : undefined;
  const reader = (fd: number) => new Socket({ fd, readable: true, writable: false }).once("error", () => {});
  const stdin = input && new Socket({ fd: input.write, readable: false, writable: true });
  stdin?.on("error", () => {});
  const [stdout, stderr] = [reader(output.read), reader(errors.read)];
  return {
    targets: [input?.read ?? "ignore", output.write, errors.write],
    stdin,
    stdout,
    stderr,
    resize: () => {},
    closeTargets() {
      for (const fd of [input?.read, output.write, errors.write]) if (fd !== undefined) closeSync(fd);
    },
    destroy() {
      for (const stream of [stdin, stdout, stderr]) stream?.destroy();
    },
  };
}
