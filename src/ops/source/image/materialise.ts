import { type Bytes, CooperError, splitDigest, withChildScope } from "../../../kit/index.ts";
import type { ActiveSnapshot, SnapshotId, Storage } from "../../../storage/index.ts";
import type { ImageLayer, OpScope, Ref } from "../../contract.ts";
import { timed } from "../task.ts";
import type { LayerBlobs } from "./layer-blobs.ts";
import { layerRecord } from "./layers.ts";

/** Layers of one image that are on their way at once. */
const downloadsAtOnce = 4;

/**
 * Makes a result's tree present and returns its snapshot, undefined for the empty tree. Pending layers are pulled and unpacked in
 * order, each once whoever asks; the lowest missing one is unpacked while it comes, the others come meanwhile. A layer whose
 * content is not what the image's config says is refused (`ops/bad-layer`) and nothing of it stays.
 */
export async function materialise(
  ref: Ref,
  storage: Storage,
  blobs: LayerBlobs,
  scope: OpScope,
): Promise<SnapshotId | undefined> {
  switch (ref.kind) {
    case "scratch":
      return undefined;
    case "snapshot":
      return ref.id;
    case "layers":
      return unpackLayers(ref.layers, storage, blobs, scope);
    case "folder":
      return (await import("../../folder-snapshot.ts")).folderSnapshot(ref, storage, scope);
  }
}

async function unpackLayers(
  layers: readonly ImageLayer[],
  storage: Storage,
  blobs: LayerBlobs,
  scope: OpScope,
): Promise<SnapshotId | undefined> {
  const present = layers.findLastIndex(({ chainId }) => storage.snapshots.byName(chainId) !== undefined);
  const missing = layers.slice(present + 1);
  let below = present < 0 ? undefined : storage.snapshots.byName((layers[present] as ImageLayer).chainId)?.id;
  return withChildScope(scope, async (child, abort) => {
    const comings = prefetch(missing.slice(1), blobs, child, abort);
    try {
      for (const [index, layer] of missing.entries()) {
        await comings[index - 1];
        below = await unpackLayer(layer, below, storage, blobs, child);
      }
      return below;
    } finally {
      abort(new CooperError("ops/cancelled", "stopped pulling"));
      await Promise.allSettled(comings);
    }
  });
}

/** Starts to bring the blobs of the upper layers. Each promise is one layer's; a failure ends the others. */
function prefetch(
  layers: readonly ImageLayer[],
  blobs: LayerBlobs,
  scope: OpScope,
  abort: (reason: unknown) => void,
): Promise<void>[] {
  const comings: Promise<void>[] = [];
  for (const [index, layer] of layers.entries()) {
    const turn = index < downloadsAtOnce ? Promise.resolve() : (comings[index - downloadsAtOnce] as Promise<void>);
    const coming = turn.then(async () => {
      if (!(await blobs.has(layer))) await blobs.fetch(layer, scope);
    });
    coming.catch(abort);
    comings.push(coming);
  }
  return comings;
}

/** Unpacks one layer on top of `below`, once for all who want it. */
function unpackLayer(
  layer: ImageLayer,
  below: SnapshotId | undefined,
  storage: Storage,
  blobs: LayerBlobs,
  scope: OpScope,
): Promise<SnapshotId> {
  return storage.exclusive(`layer-${splitDigest(layer.chainId).hex}`, scope, async () => {
    const known = storage.snapshots.byName(layer.chainId);
    if (known !== undefined) return known.id;
    let active: ActiveSnapshot | undefined;
    try {
      await blobs.receive(
        layer,
        async (bytes) => {
          // After a broken transfer the bytes come again, into a new folder.
          await active?.[Symbol.asyncDispose]();
          active = await storage.snapshots.prepare(below, { shared: true });
          await extract(layer, bytes, active, folders(below, storage), scope);
        },
        scope,
      );
      // `receive` called back, or threw.
      const done = active as ActiveSnapshot | undefined;
      if (done === undefined) throw new CooperError("ops/bad-layer", `cannot unpack layer ${layer.descriptor.digest}`);
      const { id } = await done.commit({ name: layer.chainId, description: `pulled from ${layer.from.at(-1) ?? "?"}` });
      storage.layers.add(id, layerRecord(layer));
      return id;
    } finally {
      await active?.[Symbol.asyncDispose]();
    }
  });
}

async function extract(
  layer: ImageLayer,
  bytes: Bytes,
  active: ActiveSnapshot,
  parents: readonly string[],
  scope: OpScope,
): Promise<void> {
  const { unpackBlob } = await import("../../../archive/index.ts");
  const { folder, form, files } = active.changes;
  const { diffId } = await timed(`extracting ${layer.descriptor.digest}`, scope, () =>
    unpackBlob(bytes, folder, { form, files, parents }, scope),
  );
  if (diffId === layer.diffId) return;
  const message = `cannot unpack layer ${layer.descriptor.digest}: its content is ${diffId}, ${layer.diffId} wanted`;
  throw new CooperError("ops/bad-layer", message);
}

/** Folders of the changes below, lowest first. */
function folders(below: SnapshotId | undefined, { snapshots }: Storage): readonly string[] {
  if (below === undefined || snapshots.driver !== "overlay") return [];
  return snapshots.chain(below).map(({ id }) => snapshots.changes(id).folder);
}
