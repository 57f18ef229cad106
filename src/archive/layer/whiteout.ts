import { CooperError, errnoOf } from "../../kit/index.ts";
import { FileType, lgetxattr, lsetxattr, mknod } from "../../sys/index.ts";

/** Before a deleted name (OCI image spec, "Whiteouts"). */
export const whiteoutPrefix = ".wh.";
/** In a directory whose older content is gone. */
const opaqueMarker = ".wh..wh..opq";
/** Both ways in which overlayfs marks an opaque directory. */
const opaqueAttributes = ["trusted.overlay.opaque", "user.overlay.opaque"] as const;

/** What a whiteout entry's base name deletes. Throws `archive/bad-layer` for one that names nothing below its directory. */
export function whiteoutTarget(
  base: string,
): { readonly kind: "opaque" } | { readonly kind: "delete"; readonly name: string } | undefined {
  if (!base.startsWith(whiteoutPrefix)) return undefined;
  if (base === opaqueMarker) return { kind: "opaque" };
  const name = base.slice(whiteoutPrefix.length);
  if (name === "" || name === "." || name === "..") {
    throw new CooperError("archive/bad-layer", `invalid whiteout name: ${JSON.stringify(base)}`);
  }
  return { kind: "delete", name };
}

/** True for overlayfs' mark of a deleted name: a character device 0:0. */
export function isWhiteout(stat: { isCharacterDevice(): boolean; readonly rdev: number | bigint }): boolean {
  return stat.isCharacterDevice() && BigInt(stat.rdev) === 0n;
}

/** Marks a name as deleted, as overlayfs does. */
export function makeWhiteout(path: string): void {
  mknod(path, FileType.character, 0n);
}

/** Marks a directory as opaque; in a user namespace the kernel lets only the `user.` attribute be set. */
export function makeOpaque(path: string): void {
  try {
    lsetxattr(path, opaqueAttributes[0], Buffer.from("y"));
  } catch (error) {
    if (errnoOf(error) !== "EPERM") throw error;
    lsetxattr(path, opaqueAttributes[1], Buffer.from("y"));
  }
}

/** True of a directory that hides what the layers below have in it. */
export function isOpaque(path: string): boolean {
  return opaqueAttributes.some((name) => lgetxattr(path, name)?.toString("latin1") === "y");
}
