import type { Descriptor } from "./descriptor.ts";

/** Annotations by which clients read an eStargz layer bit by bit (stargz-snapshotter, docs/estargz.md): the table's digest, the tar's size. */
export const stargzTocDigest = "containerd.io/snapshot/stargz/toc.digest";
export const stargzTarSize = "io.containers.estargz.uncompressed-size";

/** Those of the descriptor; undefined: it says nothing of being eStargz. */
export function stargzAnnotations({
  annotations = {},
}: Pick<Descriptor, "annotations">): Readonly<Record<string, string>> | undefined {
  const { [stargzTocDigest]: toc, [stargzTarSize]: size } = annotations;
  if (toc === undefined) return undefined;
  return { [stargzTocDigest]: toc, ...(size !== undefined && { [stargzTarSize]: size }) };
}
