import { CooperError, type Scope } from "../kit/index.ts";
import type { SendTree } from "../session/index.ts";
import type { ExportScope, NamedExporter } from "./contract.ts";
import { epochAttribute } from "./epoch.ts";
import { FolderCopy } from "./folder-copy.ts";
import { badAttribute } from "./go-values.ts";
import type { Attributes } from "./image-attributes.ts";
import {
  type AttestationNames,
  attestationNames,
  noTarget,
  platformFolder,
  type TreeParts,
  type VisibleTree,
  withTrees,
} from "./tree-source.ts";

interface Options extends AttestationNames {
  /** `copy` adds to what is in the folder, `delete` leaves nothing else there. */
  readonly mode: "copy" | "delete";
}

/** `type=local`: the files into a folder of the caller's, as the caller's own. Its response is empty. */
export function localExporter(attrs: Attributes, parts: TreeParts): NamedExporter {
  const epoch = epochAttribute(attrs);
  const options = readOptions(attrs);
  return {
    name: "exporting to client directory",
    export: (source, target, scope) =>
      withTrees(source, epoch, options, parts, scope, async (trees, isMap) => {
        if (target.kind !== "directory") throw noTarget("to client directory: no folder to write to");
        const split = options.split ?? isMap;
        const copy = new FolderCopy(target.path, scope);
        if (!split) refuseOverlaps(await copy.filesOf(trees), scope);
        const { sendTree } = target;
        // A caller that removes all else would take the first tree for something else when the second comes.
        const direct = options.mode === "copy" || trees.length === 1;
        const plain = sendTree && direct ? await plainTrees(trees) : undefined;
        if (sendTree !== undefined && plain !== undefined) {
          for (const tree of plain) await sendOne(tree, split, sendTree, scope);
          return {};
        }
        for (const tree of trees) await copyOne(tree, split, copy, scope);
        if (options.mode === "delete") await copy.removeOthers();
        return {};
      }),
  };
}

type PlainTree = VisibleTree & { readonly path: string };

/** The trees, if each is nothing but a folder's content as it is; else undefined. */
async function plainTrees(trees: readonly VisibleTree[]): Promise<readonly PlainTree[] | undefined> {
  const { kernelFiles } = await import("../archive/index.ts");
  const isPlain = (tree: VisibleTree): tree is PlainTree =>
    tree.path !== undefined && (tree.files ?? kernelFiles) === kernelFiles && tree.attestations.length === 0;
  return trees.every(isPlain) ? trees : undefined;
}

/** To a caller elsewhere, without a copy here. */
async function sendOne(tree: PlainTree, split: boolean, send: SendTree, scope: ExportScope): Promise<void> {
  const time = tree.epoch === undefined ? undefined : BigInt(tree.epoch) * 1_000_000_000n;
  const prefix = split ? platformFolder(tree.id) : "";
  await scope.task(split ? `copying files ${tree.id}` : "copying files", (update) =>
    send({ path: tree.path, prefix, time, update }, scope),
  );
}

async function copyOne(tree: VisibleTree, split: boolean, copy: FolderCopy, scope: ExportScope): Promise<void> {
  await scope.task(split ? `copying files ${tree.id}` : "copying files", async (update) => {
    await copy.add(tree, split ? platformFolder(tree.id) : "", update);
  });
}

/** Two platforms cannot both put a file at one place. */
function refuseOverlaps(
  files: readonly { readonly id: string; readonly paths: readonly string[] }[],
  scope: Scope,
): void {
  const owners = new Map<string, string>();
  for (const { id, paths } of files) {
    scope.signal.throwIfAborted();
    for (const path of paths) {
      const owner = owners.get(path);
      if (owner !== undefined) {
        throw new CooperError(
          "export/overlap",
          `cannot overwrite ${path} from ${owner} with ${id} when split option is disabled`,
        );
      }
      owners.set(path, id);
    }
  }
}

function readOptions(attrs: Attributes): Options {
  const mode = (attrs.mode ?? "").trim().toLowerCase() || "copy";
  if (mode !== "copy" && mode !== "delete")
    throw badAttribute(`invalid local exporter mode ${JSON.stringify(attrs.mode)}`);
  return { ...attestationNames(attrs), mode };
}
