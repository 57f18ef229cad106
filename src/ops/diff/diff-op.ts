import { chmodSync } from "node:fs";
import { sha256 } from "../../kit/index.ts";
import type { DiffOp } from "../../llb/index.ts";
import type { Op } from "../../solver/index.ts";
import type { SnapshotId, Storage } from "../../storage/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import { putFolder, restack } from "../merge/restack.ts";

/** `DiffOp`: what turns the lower tree into the upper one, as a tree of its own on top of nothing. */
export function diffOp(body: DiffOp, storage: Storage): Op<Ref, OpScope> {
  return {
    recipe: async () => ({
      digest: sha256(
        `diff ${body.lower === undefined ? "scratch" : "tree"} ${body.upper === undefined ? "scratch" : "tree"}`,
      ),
      content: [],
      storable: true,
    }),
    execute: async (inputs, scope) => {
      const id = (index: number | undefined) => {
        const ref = index === undefined ? undefined : inputs[index];
        return ref?.kind === "snapshot" ? ref.id : undefined;
      };
      const made = await difference(id(body.lower), id(body.upper), storage, scope);
      return [made === undefined ? { kind: "scratch" } : { kind: "snapshot", id: made }];
    },
  };
}

async function difference(
  lower: SnapshotId | undefined,
  upper: SnapshotId | undefined,
  storage: Storage,
  scope: OpScope,
): Promise<SnapshotId | undefined> {
  if (lower === upper) return undefined;
  if (lower === undefined) return upper;
  const above = upper === undefined ? [] : storage.snapshots.chain(upper).map((info) => info.id);
  const at = above.indexOf(lower);
  // The upper tree was built on the lower one: its layers from there on are the difference.
  if (at >= 0) return restack(above.slice(at + 1), undefined, storage, scope);
  return compareTrees(lower, upper, storage, scope);
}

/** Two trees of different origin: compared file by file. */
async function compareTrees(
  lower: SnapshotId,
  upper: SnapshotId | undefined,
  storage: Storage,
  scope: OpScope,
): Promise<SnapshotId> {
  const { applyLayer, layerTar } = await import("../../archive/index.ts");
  await using before = await storage.mount(storage.snapshots.view(lower));
  await using empty = await storage.temporaryFolder("empty");
  await using after = upper === undefined ? undefined : await storage.mount(storage.snapshots.view(upper));
  const changes = {
    form: "whole" as const,
    ...{ tree: (after ?? empty).path, files: (after ?? empty).files },
    ...{ parent: before.path, parentFiles: before.files },
  };
  const description = { description: "difference" };
  const tar = layerTar(changes, { allAttributes: true }, scope);
  if (storage.snapshots.driver === "overlay") {
    // Nothing lies below, yet what is deleted must be told: whoever merges the difference wants to know.
    await using folder = await storage.temporaryFolder("difference");
    await applyLayer(tar, folder.path, { form: "overlay", files: folder.files }, scope);
    chmodSync(folder.path, 0o755);
    return await putFolder(folder.path, undefined, description, storage, scope);
  }
  await using active = await storage.snapshots.prepare(undefined);
  const { folder, form, files } = active.changes;
  await applyLayer(tar, folder, { form, files }, scope);
  return (await active.commit(description)).id;
}
