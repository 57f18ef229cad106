import type { TarSource, TreeTarOptions } from "../archive/index.ts";
import { compareBytes } from "../oci/index.ts";
import type { NamedExporter } from "./contract.ts";
import { epochAttribute } from "./epoch.ts";
import type { Attributes } from "./image-attributes.ts";
import {
  attestationNames,
  noTarget,
  platformFolder,
  type TreeParts,
  type VisibleTree,
  withTrees,
} from "./tree-source.ts";

/** `type=tar`: the files as a tar, those of several platforms in a folder each. Its response is empty. */
export function tarExporter(attrs: Attributes, parts: TreeParts): NamedExporter {
  const epoch = epochAttribute(attrs);
  const names = attestationNames(attrs);
  return {
    name: "exporting to client tarball",
    export: (source, target, scope) =>
      withTrees(source, epoch, names, parts, scope, async (trees, isMap) => {
        if (target.kind !== "stream") throw noTarget("to client tarball: no file to write to");
        const { tarStream, treeEntries } = await import("../archive/index.ts");
        await scope.task("sending tarball", () =>
          target.write(tarStream(entriesOf(trees, isMap, treeEntries), scope), {}, scope),
        );
        return {};
      }),
  };
}

function* entriesOf(
  trees: readonly VisibleTree[],
  isMap: boolean,
  treeEntries: (folder: string, options: TreeTarOptions) => Iterable<TarSource>,
): Generator<TarSource> {
  for (const tree of trees) {
    const { id, path, files, epoch } = tree;
    const prefix = platformFolder(id);
    if (isMap) yield { header: folderHeader(prefix, epoch ?? 0) };
    const options = {
      ...(isMap && { prefix }),
      ...(epoch !== undefined && { mtime: epoch }),
      ...(files !== undefined && { files }),
    };
    const own = path === undefined ? [] : treeEntries(path, options);
    yield* merged(own, attestationEntries(tree, isMap ? `${prefix}/` : ""));
  }
}

function* attestationEntries({ attestations, attestedAt }: VisibleTree, prefix: string): Generator<TarSource> {
  const common = { type: "file" as const, mode: 0o600, uid: 0, gid: 0, mtime: BigInt(attestedAt) * 1_000_000_000n };
  for (const { name, bytes } of attestations) {
    yield { header: { ...common, name: prefix + name, size: bytes.byteLength }, body: { bytes } };
  }
}

/** `tree`, which is in order, with `more` where they belong; of two files of one name, the one of `more`. */
function* merged(tree: Iterable<TarSource>, more: Iterable<TarSource>): Generator<TarSource> {
  const waiting = [...more].sort((a, b) => comparePaths(a.header.name, b.header.name));
  for (const entry of tree) {
    while (waiting[0] !== undefined && comparePaths(waiting[0].header.name, entry.header.name) < 0) {
      yield waiting.shift() as TarSource;
    }
    if (waiting[0]?.header.name !== entry.header.name) yield entry;
  }
  yield* waiting;
}

/** Order of a walk: a folder's content comes right after it. */
function comparePaths(a: string, b: string): number {
  return compareBytes(a.replaceAll("/", "\0"), b.replaceAll("/", "\0"));
}

function folderHeader(name: string, seconds: number): TarSource["header"] {
  return { type: "directory", name, mode: 0o755, uid: 0, gid: 0, size: 0, mtime: BigInt(seconds) * 1_000_000_000n };
}
