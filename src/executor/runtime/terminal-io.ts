import { closeSync, writeSync } from "node:fs";
import { PassThrough, Writable } from "node:stream";
import { ReadStream } from "node:tty";
import { errnoOf } from "../../kit/index.ts";
import { openTerminal, resizeTerminal, type TerminalMode } from "../../sys/index.ts";
import type { TerminalSize } from "../contract.ts";
import type { ProcessIo } from "./process-io.ts";

/** How long to wait for a terminal that is full, in milliseconds. */
const pause = 10;

/**
 * A terminal of the host's. `raw`: for a runtime to run on, which in the foreground passes its own terminal on to the container's (runc and
 * crun alike), and its size whenever it gets SIGWINCH. `cooked`: for the process itself.
 */
export function terminalIo(hasStdin: boolean, size: TerminalSize, mode: TerminalMode): ProcessIo {
  const { master, slave } = openTerminal(mode);
  resizeTerminal(master, size.columns, size.rows);
  const reader = new ReadStream(master);
  let open = true;
  const stdout = new PassThrough();
  // EIO is how a terminal says that nobody has its other end any more.
  reader.on("error", () => reader.destroy());
  reader.once("close", () => {
    open = false;
    stdout.end();
  });
  stdout.once("close", () => reader.destroy());
  reader.pipe(stdout, { end: false });
  return {
    targets: [slave, slave, slave],
    stdin: hasStdin ? writerOf(master, () => open) : undefined,
    stdout,
    stderr: undefined,
    resize: ({ columns, rows }) => {
      if (open) resizeTerminal(master, columns, rows);
    },
    closeTargets: () => closeSync(slave),
    destroy: () => void stdout.destroy(),
  };
}

/** Node would write to a terminal and wait in the call: what a process does not read must not stop this one. */
function writerOf(master: number, isOpen: () => boolean): Writable {
  const write = (chunk: Buffer, done: () => void): void => {
    const rest = isOpen() ? chunk.subarray(writeSome(master, chunk)) : Buffer.alloc(0);
    if (rest.byteLength === 0) done();
    else setTimeout(() => write(rest, done), pause);
  };
  return new Writable({ write: (chunk: Buffer, _, done) => write(chunk, done) });
}

/** How much the terminal took. All of it, when it is gone. */
function writeSome(master: number, chunk: Buffer): number {
  try {
    return writeSync(master, chunk);
  } catch (error) {
    return errnoOf(error) === "EAGAIN" ? 0 : chunk.byteLength;
  }
}
