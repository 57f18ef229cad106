import type { TreeFiles } from "../archive/index.ts";
import { CooperError } from "../kit/index.ts";
import type { Mounted, Storage } from "../storage/index.ts";
import type { ExportNeeds, ExportScope, ExportSource } from "./contract.ts";
import { type Epoch, epochOfResult } from "./epoch.ts";
import { type PlatformResult, readResults } from "./results.ts";

export interface TreeParts {
  readonly storage: Storage;
  readonly needs: ExportNeeds;
}

/** A platform's files at a path of this machine. */
export interface VisibleTree {
  readonly id: string;
  /** Undefined: no files at all. */
  readonly path: string | undefined;
  readonly files: TreeFiles | undefined;
  /** What every time is set to; seconds since 1970. */
  readonly epoch: number | undefined;
}

/** Shows all platforms' trees while `work` runs. `isMap`: asked for by platform. */
export async function withTrees<T>(
  source: ExportSource,
  epoch: Epoch | undefined,
  parts: TreeParts,
  scope: ExportScope,
  work: (trees: readonly VisibleTree[], isMap: boolean) => Promise<T>,
): Promise<T> {
  const { isMap, platforms } = readResults(source);
  await using mounts = new AsyncDisposableStack();
  const trees: VisibleTree[] = [];
  for (const result of platforms) {
    const shown = await show(result, parts, mounts, scope);
    const seconds = epoch === undefined ? epochOfResult(source.metadata, result.id) : epoch.seconds;
    trees.push({ id: result.id, path: shown?.path, files: shown?.files, epoch: seconds });
  }
  return await work(trees, isMap);
}

async function show(
  { tree }: PlatformResult,
  { storage, needs }: TreeParts,
  mounts: AsyncDisposableStack,
  scope: ExportScope,
): Promise<Mounted | undefined> {
  const id = await needs.materialise(tree, scope);
  if (id === undefined) return undefined;
  return mounts.use(await storage.mount(storage.snapshots.view(id)));
}

/** A platform's folder: `linux_arm64`. */
export function platformFolder(id: string): string {
  return id.replaceAll("/", "_");
}

/** The caller gave no place of the right kind to write to. */
export function noTarget(what: string): CooperError {
  return new CooperError("export/no-target", `cannot export ${what}`);
}
