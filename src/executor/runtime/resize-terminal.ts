import { closeSync, constants, openSync, statSync } from "node:fs";
import { errnoOf } from "../../kit/index.ts";
import { resizeTerminal } from "../../sys/index.ts";
import type { TerminalSize } from "../contract.ts";

/** Device numbers of terminals below /dev/pts (Linux, admin-guide/devices.txt). */
const pseudoTerminals = { first: 136, last: 143 };

/** Resizes the terminal that a process has as its standard input; nothing happens when it has none, or is gone. */
export function resizeTerminalOf(pid: number, size: TerminalSize): void {
  const path = `/proc/${pid}/fd/0`;
  try {
    const stat = statSync(path);
    const major = (stat.rdev >> 8) & 0xfff;
    if (!stat.isCharacterDevice() || major < pseudoTerminals.first || major > pseudoTerminals.last) return;
    const file = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    try {
      resizeTerminal(file, size.columns, size.rows);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (!["ENOENT", "ESRCH", "EIO", "ENXIO", "ENOTTY"].includes(errnoOf(error) ?? "")) throw error;
  }
}
