import { fstatSync, writeSync } from "node:fs";
import type { OutputStream } from "../client/index.ts";
import type { Surroundings } from "./build/surroundings.ts";
import type { ViewOutput } from "./progress/view.ts";
import { terminalAsker } from "./terminal-asker.ts";

/** Everything of the process that a command uses, so that a test can stand in for it. */
export interface Io {
  readonly around: Surroundings;
  /** Text for people, whole lines. */
  readonly stderr: (text: string) => void;
  readonly stdout: (text: string) => void;
  /** For an exporter's bytes. */
  readonly stdoutStream: () => OutputStream;
  readonly view: ViewOutput;
  /** Undefined: standard input is a terminal, or no file at all. */
  readonly readStdin: () => Promise<Uint8Array | undefined>;
  /** Puts a question to whoever sits at the terminal; undefined when nobody does. Resolves with undefined at the end of the input. */
  readonly ask?: ((question: string, signal: AbortSignal) => Promise<string | undefined>) | undefined;
}

/** Far more than any definition. */
const maxStdin = 256 * 1024 * 1024;

/** The real process. Loads nothing that a quick command does not need: Node's own streams come with the net module. */
export async function processIo(): Promise<Io> {
  const terminals = await terminalsOf([0, 1, 2]);
  return {
    around: { cwd: process.cwd(), env: process.env, stdoutIsTerminal: () => terminals.has(1) },
    stderr: (text) => writeAll(2, Buffer.from(text, "utf8")),
    stdout: (text) => writeAll(1, Buffer.from(text, "utf8")),
    stdoutStream: openStdout,
    view: {
      write: (text) => writeAll(2, Buffer.from(text, "latin1")),
      size: terminals.has(2)
        ? () => ({ width: process.stderr.columns || 80, height: process.stderr.rows || 10 })
        : undefined,
    },
    readStdin,
    ask: terminals.has(0) && terminals.has(2) ? terminalAsker() : undefined,
  };
}

/** A reader that goes away is told by the write that fails; the stream's own event would end the process before it has tidied up. */
function openStdout(): OutputStream {
  if (process.stdout.listenerCount("error") === 0) process.stdout.on("error", () => {});
  return process.stdout;
}

async function terminalsOf(descriptors: readonly number[]): Promise<ReadonlySet<number>> {
  const devices = descriptors.filter(isCharacterDevice);
  if (devices.length === 0) return new Set();
  const { isatty } = await import("node:tty");
  return new Set(devices.filter((descriptor) => isatty(descriptor)));
}

function isCharacterDevice(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    return false;
  }
}

/** Writes all of it. A reader that went away is no reason to stop a build. */
function writeAll(descriptor: number, data: Uint8Array): void {
  for (let at = 0; at < data.byteLength; ) {
    try {
      at += writeSync(descriptor, data, at);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== "EAGAIN") return;
      // Whoever reads is slower than we write, and made the descriptor non-blocking.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

async function readStdin(): Promise<Uint8Array | undefined> {
  if (isCharacterDevice(0)) return undefined;
  const { collect } = await import("../kit/index.ts");
  return collect(process.stdin, maxStdin, "standard input");
}
