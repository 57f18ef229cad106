import { randomBytes } from "node:crypto";
import { closeSync, futimesSync, mkdirSync, openSync, readdirSync, rmdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../kit/index.ts";
import { bootId, isStill, processStartTime, tryFlock } from "../../sys/index.ts";
import type { Layout } from "../layout.ts";

/** One opening of a root: what it owns carries `id`, and dies with it. */
export interface Registration {
  /** Safe in a file name, without dots; unique among the openings of this root. */
  readonly id: string;
  /** `run/<id>`: mount points and temporary folders. */
  readonly folder: string;
  /** Marks the lock file: what was used before now is not in use by this opening (`oldestOpening`). */
  rest(): void;
  /** Removes what is left of the folder, then gives up the lock. */
  close(): void;
}

/**
 * Registers this opening: a folder below run/ with a locked file in it. The lock, not the process number, tells who is alive:
 * it ends with the process however that dies, it also holds between containers with process numbers of their own, and
 * two openings in one process are two.
 */
export function register(layout: Layout): Registration {
  for (;;) {
    const id = `${process.pid}-${randomBytes(4).toString("hex")}`;
    const folder = join(layout.run, id);
    const file = tryLockFolder(folder);
    if (file === undefined) continue;
    writeSync(file, `pid ${process.pid}\nstarted ${processStartTime(process.pid)}\nboot ${bootId()}\n`);
    const close = () => {
      // The lock goes last: a folder without one is empty, or about to be locked by its maker.
      for (const name of readdirSync(folder)) if (name !== "lock") rmSync(join(folder, name), { recursive: true });
      rmSync(join(folder, "lock"));
      rmdirSync(folder);
      closeSync(file);
    };
    const rest = () => futimesSync(file, Date.now() / 1000, Date.now() / 1000);
    return { id, folder, rest, close };
  }
}

/** Undefined when a sweep in another process took the half-made folder for a dead one's. A failure leaves nothing. */
function tryLockFolder(folder: string): number | undefined {
  mkdirSync(folder, { mode: 0o700 });
  try {
    const lock = join(folder, "lock");
    const file = openSync(lock, "wx", 0o600);
    // Between the two calls a sweep may have held the lock, moved the folder to the trash and let go again.
    if (tryFlock(file) && isStill(lock, file)) return file;
    closeSync(file);
  } catch (error) {
    // Gone, or the sweep was quicker with a lock of its own.
    if (["ENOENT", "EEXIST"].includes(errnoOf(error) ?? "")) return undefined;
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return undefined;
}

/** The dead one's lock, held: while it is, nobody else sweeps up after it. */
export interface Claim {
  release(): void;
}

/** Claims a dead opening's leftovers. Undefined when its owner lives, or somebody else is at it. */
export function claimDead(layout: Layout, id: string): Claim | undefined {
  const lock = join(layout.run, id, "lock");
  const file = openIf(lock, "r", "ENOENT");
  if (file !== undefined) return lockedOrClosed(file);
  // A folder without a lock was just begun, or somebody deleted parts of it by hand: whoever locks it first has it.
  try {
    const made = openIf(lock, "wx", "EEXIST");
    return made === undefined ? undefined : lockedOrClosed(made);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  // Gone: what carries its name can be taken by anybody.
  return { release: () => {} };
}

function lockedOrClosed(file: number): Claim | undefined {
  if (tryFlock(file)) return { release: () => closeSync(file) };
  closeSync(file);
  return undefined;
}

/** Undefined when that is the kernel's answer. */
function openIf(path: string, flags: string, refusal: string): number | undefined {
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    if (errnoOf(error) !== refusal) throw error;
    return undefined;
  }
}
