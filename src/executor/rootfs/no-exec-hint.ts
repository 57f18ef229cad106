import { listMounts } from "../../sys/index.ts";

/** What to do when no program of a tree may be started because its file system is mounted `noexec`; undefined when that is not so. */
export function noExecHint(rootfs: string, message: string): string | undefined {
  if (!/permission denied/i.test(message)) return undefined;
  try {
    const holding = listMounts().filter(({ target }) => holds(target, rootfs));
    const nearest = holding.toSorted((a, b) => b.target.length - a.target.length)[0];
    if (nearest === undefined || !nearest.mountOptions.split(",").includes("noexec")) return undefined;
    return `${nearest.target} is mounted noexec, so no program of a step can be started there: choose another root with --root, on a volume without that option`;
  } catch {
    return undefined;
  }
}

function holds(mountPoint: string, path: string): boolean {
  return mountPoint === "/" || path === mountPoint || path.startsWith(`${mountPoint}/`);
}
