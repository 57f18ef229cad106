import { readFileSync } from "node:fs";

/** A line of /proc/self/mountinfo (proc_pid_mountinfo(5)), as far as anybody here asks. */
export interface MountPoint {
  readonly target: string;
  readonly type: string;
  readonly source: string;
  /** Of the file system. */
  readonly options: string;
  /** Of this mount: `rw,nosuid,noexec`. */
  readonly mountOptions: string;
}

/**
 * The mounts that this process sees, in the order they were made. Read as bytes: Node's way of reading a text directly has been seen
 * to corrupt memory here (v26.10, a hundred overlays, 320 KB), and then the process aborts.
 */
export function listMounts(): MountPoint[] {
  return parseMountInfo(readFileSync("/proc/self/mountinfo").toString("utf8"));
}

/** Parses the lines of a mountinfo file; space, tab, newline and backslash in names are octal there. */
function parseMountInfo(text: string): MountPoint[] {
  const mounts: MountPoint[] = [];
  for (const line of text.split("\n")) {
    const [before = "", after] = line.split(" - ", 2);
    if (after === undefined) continue;
    const [type = "", source = "", options = ""] = after.split(" ");
    const [, , , , target = "", mountOptions = ""] = before.split(" ");
    mounts.push({ target: unescapeOctal(target), type, source: unescapeOctal(source), options, mountOptions });
  }
  return mounts;
}

const unescapeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
