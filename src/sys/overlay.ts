import { closeSync } from "node:fs";
import { dirname, relative } from "node:path";
import { checked, cstring, SysError } from "./error.ts";
import { mount } from "./mount.ts";
import { bind } from "./native.ts";

/** An overlay file system to mount. `lower` is lowest first, as storage counts layers (the kernel counts the other way round). */
export interface Overlay {
  readonly lower: readonly string[];
  readonly upper?: string;
  readonly work?: string;
  /** Further options as `name` or `name=value`: `volatile`, `userxattr`, `index=off`, … */
  readonly options?: readonly string[];
}

/** mount(2) copies one page of data, and the kernel wants the last byte for itself. */
const dataLimit = 4095;

/**
 * Mounts an overlay at `target`, whatever the number of lower folders (the kernel itself stops at 500). Few and plainly
 * named ones go through mount(2); else fsconfig(2) adds them one by one (Linux 6.8); before that, mount(2) with names
 * relative to a changed current directory, which is changed back in the same tick. Throws `SysError`.
 */
export function mountOverlay(overlay: Overlay, target: string, flags = 0): void {
  const data = overlayData(overlay);
  if (Buffer.byteLength(data) <= dataLimit) {
    mount("overlay", target, "overlay", flags, data);
    return;
  }
  try {
    mountByParts(overlay, target, flags);
  } catch (error) {
    const unknown = error instanceof SysError && ["ENOSYS", "EINVAL", "EPERM"].includes(error.code);
    if (!unknown || error.syscall === "move_mount") throw error;
    mountFromFolder(overlay, target, flags);
  }
}

/** The options in the form of mount(2). */
function overlayData(overlay: Overlay): string {
  const parts = [...(overlay.options ?? [])];
  const lower = overlay.lower.map((folder) => escapeLower(folder));
  if (lower.length > 0) parts.push(`lowerdir=${lower.reverse().join(":")}`);
  if (overlay.upper !== undefined) parts.push(`upperdir=${escapeOption(overlay.upper)}`);
  if (overlay.work !== undefined) parts.push(`workdir=${escapeOption(overlay.work)}`);
  return parts.join(",");
}

const escapeOption = (path: string): string => path.replace(/[\\,]/g, "\\$&");
const escapeLower = (path: string): string => path.replace(/[\\,:]/g, "\\$&");

const FsConfig = { setFlag: 0, setString: 1, create: 6 } as const;
const SyscallNumber = { moveMount: 429, fsopen: 430, fsconfig: 431, fsmount: 432 } as const;

/** The mount API of Linux 5.2; `lowerdir+` needs 6.8. These system calls have one number on every architecture. */
function mountByParts(overlay: Overlay, target: string, flags: number): void {
  const fsopen = bind("long syscall(long, const char *, unsigned int)");
  const context = checked(fsopen(SyscallNumber.fsopen, "overlay", 1), "fsopen", target);
  try {
    for (const folder of [...overlay.lower].reverse()) configure(context, "lowerdir+", folder);
    if (overlay.upper !== undefined) configure(context, "upperdir", overlay.upper);
    if (overlay.work !== undefined) configure(context, "workdir", overlay.work);
    for (const option of overlay.options ?? []) {
      const [name = "", value] = option.split("=", 2);
      configure(context, name, value);
    }
    const create = bind("long syscall(long, int, unsigned int, const char *, const char *, int)");
    checked(create(SyscallNumber.fsconfig, context, FsConfig.create, null, null, 0), "fsconfig", target);
    attach(context, target, flags);
  } finally {
    closeSync(context);
  }
}

function configure(context: number, name: string, value: string | undefined): void {
  const fsconfig = bind("long syscall(long, int, unsigned int, const char *, const char *, int)");
  const command = value === undefined ? FsConfig.setFlag : FsConfig.setString;
  const text = value === undefined ? null : cstring(value, "fsconfig");
  checked(fsconfig(SyscallNumber.fsconfig, context, command, name, text, 0), "fsconfig", value ?? name);
}

function attach(context: number, target: string, flags: number): void {
  const fsmount = bind("long syscall(long, int, unsigned int, unsigned int)");
  // MOUNT_ATTR_RDONLY, NOSUID, NODEV and NOEXEC have the values of the MS_ flags.
  const tree = checked(fsmount(SyscallNumber.fsmount, context, 1, flags & 0xf), "fsmount", target);
  try {
    const move = bind("long syscall(long, int, const char *, int, const char *, unsigned int)");
    const emptyPath = 4;
    const cwd = -100;
    checked(
      move(SyscallNumber.moveMount, tree, "", cwd, cstring(target, "move_mount"), emptyPath),
      "move_mount",
      target,
    );
  } finally {
    closeSync(tree);
  }
}

/** Shortens the names by standing in the folder that all lower folders have in common. */
function mountFromFolder(overlay: Overlay, target: string, flags: number): void {
  const base = commonFolder(overlay.lower);
  const before = process.cwd();
  process.chdir(base);
  try {
    const short = { ...overlay, lower: overlay.lower.map((folder) => relative(base, folder)) };
    mount("overlay", target, "overlay", flags, overlayData(short));
  } finally {
    process.chdir(before);
  }
}

function commonFolder(paths: readonly string[]): string {
  let base = dirname(paths[0] ?? "/");
  while (base !== "/" && !paths.every((path) => path.startsWith(`${base}/`))) base = dirname(base);
  return base;
}
