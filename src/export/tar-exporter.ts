import type { TarSource, TreeTarOptions } from "../archive/index.ts";
import type { NamedExporter } from "./contract.ts";
import { epochAttribute } from "./epoch.ts";
import type { Attributes } from "./image-attributes.ts";
import { noTarget, platformFolder, type TreeParts, type VisibleTree, withTrees } from "./tree-source.ts";

/** `type=tar`: the files as a tar, those of several platforms in a folder each. Its response is empty. */
export function tarExporter(attrs: Attributes, parts: TreeParts): NamedExporter {
  const epoch = epochAttribute(attrs);
  return {
    name: "exporting to client tarball",
    export: (source, target, scope) =>
      withTrees(source, epoch, parts, scope, async (trees, isMap) => {
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
  for (const { id, path, files, epoch } of trees) {
    const prefix = platformFolder(id);
    if (isMap) yield { header: folderHeader(prefix, epoch ?? 0) };
    const options = {
      ...(isMap && { prefix }),
      ...(epoch !== undefined && { mtime: epoch }),
      ...(files !== undefined && { files }),
    };
    if (path !== undefined) yield* treeEntries(path, options);
  }
}

function folderHeader(name: string, seconds: number): TarSource["header"] {
  return { type: "directory", name, mode: 0o755, uid: 0, gid: 0, size: 0, mtime: BigInt(seconds) * 1_000_000_000n };
}
