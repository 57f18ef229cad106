import { lstatSync, mkdirSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { CooperError, errnoOf, messageOf } from "../../kit/index.ts";
import { inUserNamespace, mountOverlay, umount } from "../../sys/index.ts";

/** Mount options that this kernel takes for our overlays, strongest wish first. */
export interface OverlaySupport {
  readonly options: readonly string[];
}

/**
 * Mounts a small overlay in `folder` (which must not exist yet), deletes a file through it, and sees the whiteout. Returns the options to
 * use, or the error that tells why overlayfs does not work here. About 0.5 ms.
 */
export function probeOverlay(folder: string): OverlaySupport | CooperError {
  let failure: unknown;
  try {
    makeFolders(folder);
    for (const options of candidates()) {
      try {
        tryOverlay(folder, options);
        return { options };
      } catch (error) {
        failure ??= error;
        // An option that an older kernel does not know, or a user namespace does not allow.
        if (errnoOf(error) !== "EINVAL") break;
        rmSync(folder, { recursive: true, force: true });
        makeFolders(folder);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return explain(failure);
}

/**
 * `volatile` (Linux 5.10): no flush to the disk at fsync and unmount; what a step writes is a cache and needs none. The other three
 * keep renames and changed modes visible in the upper folder by themselves, whatever the distribution's defaults.
 */
function candidates(): string[][] {
  if (inUserNamespace()) return [["volatile", "userxattr"], ["userxattr"]];
  const plain = ["index=off", "redirect_dir=off", "metacopy=off"];
  return [["volatile", ...plain], plain, ["index=off"]];
}

function makeFolders(folder: string): void {
  for (const name of ["", "/lower", "/upper", "/work", "/merged"]) mkdirSync(`${folder}${name}`, { mode: 0o700 });
  writeFileSync(`${folder}/lower/file`, "");
}

function tryOverlay(folder: string, options: readonly string[]): void {
  const [lower, upper, work, merged] = ["lower", "upper", "work", "merged"].map((name) => `${folder}/${name}`) as [
    string,
    string,
    string,
    string,
  ];
  mountOverlay({ lower: [lower], upper, work, options }, merged);
  try {
    unlinkSync(`${merged}/file`);
  } finally {
    umount(merged, { detach: true });
  }
  if (!lstatSync(`${upper}/file`).isCharacterDevice()) throw new Error("the whiteout is no device file");
}

function explain(cause: unknown): CooperError {
  const message = `cannot use snapshotter "overlayfs": ${messageOf(cause)}`;
  const code = errnoOf(cause);
  const hints: Readonly<Record<string, string>> = {
    EPERM: "mounting needs CAP_SYS_ADMIN: run as root or in a privileged pod, or use --oci-worker-snapshotter=native",
    EACCES:
      "a security module (AppArmor, SELinux) forbids mounting: run privileged, or use --oci-worker-snapshotter=native",
    ENODEV: "the kernel has no overlayfs: load its module, or use --oci-worker-snapshotter=native",
    EINVAL:
      "the root's file system cannot hold an overlay's upper folder: put the root on a volume, or use --oci-worker-snapshotter=native",
  };
  const hint = hints[code ?? ""] ?? "use --oci-worker-snapshotter=native";
  return new CooperError("storage/no-overlay", message, { cause, hint });
}
