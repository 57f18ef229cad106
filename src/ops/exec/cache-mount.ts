import { closeSync, existsSync, mkdirSync, openSync, renameSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "../../kit/index.ts";
import type { Mount, MountType } from "../../llb/index.ts";
import { copyTree, removeTree, type Storage } from "../../storage/index.ts";
import { tryFlock } from "../../sys/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import { openTree } from "../open-tree.ts";
import { hashSelection } from "../selection.ts";
import { generationOf, hasGeneration, markGeneration } from "./cache-generation.ts";

type CacheType = MountType & { readonly kind: "cache" };

/** The folders of an exec's cache mounts, locked as their sharing asks, until disposal. */
export interface TakenCaches extends Disposable {
  folderOf(mount: Mount): string | undefined;
}

/** A cache's folders have numbers: whoever may not share the first one, and need not wait for it, takes another. */
const maxFolders = 1000;
/** How often a locked cache is asked for, in milliseconds. */
const lockInterval = 50;

/**
 * Takes the cache mounts of one exec. `shared`: with all others that share it; `private`: alone, another folder when the first is in
 * use; `locked`: alone, waits. The locks are the kernel's, on the folders themselves: they hold between processes and containers,
 * and end with the process. Taken in one order, so that two steps never wait for each other. `alone`: what may be shared is locked, too. `args`: what the step runs, to be told by `du`.
 */
export async function takeCaches(
  mounts: readonly Mount[],
  inputs: readonly Ref[],
  storage: Storage,
  scope: OpScope,
  { alone = false, args = [] }: { readonly alone?: boolean; readonly args?: readonly string[] } = {},
): Promise<TakenCaches> {
  const byKey = new Map<string, Mount>();
  const keys = new Map<Mount, string>();
  for (const mount of mounts) {
    if (mount.type.kind !== "cache") continue;
    const key = await cacheKey(mount, mount.type, inputs, storage, scope);
    keys.set(mount, key);
    if (!byKey.has(key)) byKey.set(key, mount);
  }
  const taken = new Map<string, { folder: string; lock: number }>();
  const release = () => {
    for (const { lock } of taken.values()) closeSync(lock);
  };
  try {
    for (const key of [...byKey.keys()].sort()) {
      const mount = byKey.get(key) as Mount;
      taken.set(key, await takeFolder(key, mount, { inputs, storage, scope, alone, args }));
    }
  } catch (error) {
    release();
    throw error;
  }
  return {
    folderOf: (mount) => taken.get(keys.get(mount) ?? "")?.folder,
    [Symbol.dispose]: release,
  };
}

/** A cache that starts from a tree is another one for another tree. */
async function cacheKey(
  mount: Mount,
  type: CacheType,
  inputs: readonly Ref[],
  storage: Storage,
  scope: OpScope,
): Promise<string> {
  const base = mount.input === undefined ? undefined : inputs[mount.input];
  if (base === undefined || base.kind === "scratch") return type.id;
  const whole = { path: "/", wildcard: false, followLinks: true, include: [], exclude: [] };
  return `${type.id}:${await hashSelection(base, [whole], storage, scope)}`;
}

interface Taking {
  readonly inputs: readonly Ref[];
  readonly storage: Storage;
  readonly scope: OpScope;
  readonly alone: boolean;
  readonly args: readonly string[];
}

async function takeFolder(
  key: string,
  mount: Mount,
  { inputs, storage, scope, alone, args }: Taking,
): Promise<{ folder: string; lock: number }> {
  const { id, ...type } = mount.type as CacheType;
  const named = id === mount.dest ? "" : ` with id ${JSON.stringify(id)}`;
  const description = `cached mount ${mount.dest} from exec ${args.join(" ")}${named}`;
  const sharing = alone && type.sharing === "shared" ? "locked" : type.sharing;
  const generation = generationOf(mount, id, storage.records);
  for (let number = 0, waited = false; ; ) {
    scope.signal.throwIfAborted();
    const kept = await storage.keptFolder("cache", number === 0 ? key : `${key}#${number}`, description);
    const folder = join(kept, "tree");
    const isReady = () => existsSync(folder) && hasGeneration(kept, generation);
    const lock = openSync(kept, "r");
    let takeAnother = sharing === "private";
    try {
      const byItself = sharing !== "shared" || !isReady();
      if (tryFlock(lock, byItself ? "exclusive" : "shared")) {
        if (!isReady()) {
          await fillFolder(folder, mount, inputs, storage, scope);
          markGeneration(kept, generation);
        }
        // A lock that was needed to fill it is only now one that others may have too.
        if (sharing !== "shared" || !byItself || tryFlock(lock, "shared")) return { folder, lock };
      } else if (sharing === "shared") {
        // Whoever has it for itself may only be filling it. Whoever shares an old one goes on with that.
        takeAnother = byItself ? existsSync(folder) && tryFlock(lock, "shared") : waited;
      }
    } catch (error) {
      closeSync(lock);
      throw error;
    }
    closeSync(lock);
    if (takeAnother && number < maxFolders) number++;
    else await sleep(lockInterval, scope.signal);
    waited = !takeAnother;
  }
}

/** What it starts as: the input's tree, or an empty folder; there as a whole or not at all. */
async function fillFolder(
  folder: string,
  mount: Mount,
  inputs: readonly Ref[],
  storage: Storage,
  scope: OpScope,
): Promise<void> {
  const unfinished = `${folder}.new`;
  await removeTree(folder);
  await removeTree(unfinished);
  mkdirSync(unfinished, { mode: 0o755 });
  const base = mount.input === undefined ? undefined : inputs[mount.input];
  if (base !== undefined && base.kind !== "scratch") {
    await using tree = await openTree(base, "view", storage, scope);
    await copyTree(tree.path, unfinished, { signal: scope.signal, source: tree.files });
  }
  renameSync(unfinished, folder);
}
