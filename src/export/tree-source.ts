import type { TreeFiles } from "../archive/index.ts";
import { CooperError } from "../kit/index.ts";
import type { Mounted, Storage } from "../storage/index.ts";
import type { AttestationFile } from "./attestation/attest-folder.ts";
import type { Attestation, ExportNeeds, ExportScope, ExportSource } from "./contract.ts";
import { type Epoch, epochOfResult } from "./epoch.ts";
import { goBoolean } from "./go-values.ts";
import type { Attributes } from "./image-attributes.ts";
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
  /** Statements about the files, to stand beside them. */
  readonly attestations: readonly AttestationFile[];
  /** When these were made: the epoch, or now; seconds since 1970. */
  readonly attestedAt: number;
}

/** How the files of attestations are called. */
export interface AttestationNames {
  /** `attestation-prefix`. */
  readonly prefix: string;
  /** Several platforms have a folder each. */
  readonly split: boolean | undefined;
}

/** Reads `attestation-prefix` and `platform-split`. Throws `export/bad-attribute`. */
export function attestationNames(attrs: Attributes): AttestationNames {
  const split = attrs["platform-split"];
  return {
    prefix: attrs["attestation-prefix"] ?? "",
    split: split === undefined ? undefined : goBoolean(split, `non-bool value for platform-split: ${split}`),
  };
}

/** Shows all platforms' trees while `work` runs. `isMap`: asked for by platform. */
export async function withTrees<T>(
  source: ExportSource,
  epoch: Epoch | undefined,
  names: AttestationNames,
  parts: TreeParts,
  scope: ExportScope,
  work: (trees: readonly VisibleTree[], isMap: boolean) => Promise<T>,
): Promise<T> {
  const { isMap, platforms } = readResults(source);
  await using mounts = new AsyncDisposableStack();
  const trees: VisibleTree[] = [];
  const now = Math.floor(Date.now() / 1000);
  for (const result of platforms) {
    const { id } = result;
    const shown = await show(result, parts, mounts, scope);
    const seconds = epoch === undefined ? epochOfResult(source.metadata, id) : epoch.seconds;
    const tree = { id, path: shown?.path, files: shown?.files, epoch: seconds };
    const attestations = await attest(source.attestations?.get(id) ?? [], tree, isMap, names, parts, scope);
    trees.push({ ...tree, attestations, attestedAt: seconds ?? now });
  }
  return await work(trees, isMap);
}

/** Results without attestations need not load what makes them. */
async function attest(
  attestations: readonly Attestation[],
  tree: Pick<VisibleTree, "id" | "path" | "files">,
  isMap: boolean,
  { prefix, split }: AttestationNames,
  parts: TreeParts,
  scope: ExportScope,
): Promise<readonly AttestationFile[]> {
  if (attestations.length === 0) return [];
  const { attestFolder, withPlatform } = await import("./attestation/attest-folder.ts");
  const together = isMap && split === false;
  const nameOf = (base: string) => (together ? withPlatform(prefix + base, platformFolder(tree.id)) : prefix + base);
  return attestFolder(attestations, tree, nameOf, parts, scope);
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
