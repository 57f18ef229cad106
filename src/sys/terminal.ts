import { closeSync, constants, openSync } from "node:fs";
import { checked } from "./error.ts";
import { bind } from "./native.ts";

/** Requests of ioctl_tty(2), `<asm-generic/ioctls.h>`. */
const Request = {
  getTermios: 0x5401,
  setTermios: 0x5402,
  becomeControlling: 0x540e,
  setSize: 0x5414,
  getNumber: 0x80045430,
  lock: 0x40045431,
};
/** `<asm-generic/termbits.h>`, what cfmakeraw(3) changes. */
const cooked = { input: 0x5eb, output: 0x1, control: 0x130, local: 0x804b, size8: 0x30 };

/** A new terminal: who has `master` is the one who types and looks; programs run on `slave`. Both are closed by the caller. */
export interface Terminal {
  readonly master: number;
  readonly slave: number;
}

/** `raw`: who runs on it passes bytes on, which are neither echoed nor edited. `cooked`: as people who type expect it. */
export type TerminalMode = "raw" | "cooked";

/**
 * Makes a terminal on the mounted devpts. Calls on the master do not block (EAGAIN). Throws `SysError` or the errors of `node:fs`.
 */
export function openTerminal(mode: TerminalMode = "raw"): Terminal {
  const master = openSync("/dev/ptmx", constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  try {
    const number = new Int32Array(1);
    control(master, Request.lock, number);
    control(master, Request.getNumber, number);
    const slave = openSync(`/dev/pts/${number[0]}`, constants.O_RDWR | constants.O_NOCTTY);
    try {
      if (mode === "raw") makeRaw(slave);
    } catch (error) {
      closeSync(slave);
      throw error;
    }
    return { master, slave };
  } catch (error) {
    closeSync(master);
    throw error;
  }
}

/** Tells the terminal how large it is shown. Who runs on it hears of it by SIGWINCH only if it is its controlling terminal. Throws `SysError`. */
export function resizeTerminal(master: number, columns: number, rows: number): void {
  control(master, Request.setSize, new Uint16Array([rows, columns, 0, 0]));
}

/** Makes a terminal that of this process's session, which it leads and which has none: Ctrl-C and new sizes become signals. Throws `SysError`. */
export function makeControlling(terminal: number): void {
  control(terminal, Request.becomeControlling, new Int32Array(1));
}

function makeRaw(file: number): void {
  // Four words of flags, then the line discipline and 19 control characters.
  const termios = new Uint32Array(9);
  control(file, Request.getTermios, termios);
  const [input = 0, output = 0, flags = 0, local = 0] = termios;
  termios.set([
    input & ~cooked.input,
    output & ~cooked.output,
    (flags & ~cooked.control) | cooked.size8,
    local & ~cooked.local,
  ]);
  control(file, Request.setTermios, termios);
}

function control(file: number, request: number, data: Int32Array | Uint16Array | Uint32Array): void {
  const bytes = new Uint8Array(data.buffer);
  checked(bind("int ioctl(int, unsigned long, void *)")(file, request, bytes), "ioctl");
}
