import { constants } from "node:fs";
import { chmod, copyFile, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  CooperError,
  errnoOf,
  makeFolders,
  mapLimit,
  reasonOf,
  type Scope,
  temporaryBeside,
  writeFileAtomic,
} from "../kit/index.ts";
import { type Descriptor, parseIndex } from "../oci/index.ts";
import type { OutputTarget } from "../session/index.ts";
import type { Storage } from "../storage/index.ts";
import type { CommittedImage } from "./commit.ts";
import { blobsOf, layoutFile, layoutIndex, namedRoots } from "./layout.ts";

/**
 * Adds the image to the OCI layout in the target's folder, which may exist already. An image without a name is tagged
 * `tag`, as upstream's client does; an entry of the same name is replaced.
 */
export async function writeLayoutFolder(
  image: CommittedImage,
  root: Descriptor,
  names: readonly string[],
  target: OutputTarget,
  storage: Storage,
  scope: Scope,
  tag = "latest",
): Promise<void> {
  if (target.kind !== "directory") {
    throw new CooperError("export/no-target", "cannot export an image layout: no folder to write to");
  }
  const folder = join(target.path, "blobs", "sha256");
  try {
    makeFolders(folder);
  } catch (cause) {
    throw new CooperError("export/no-target", `cannot export an image layout: mkdir ${folder}: ${reasonOf(cause)}`, {
      cause,
    });
  }
  await mapLimit(blobsOf(image), 4, async ({ digest, size }) => {
    scope.signal.throwIfAborted();
    await copyBlob(await storage.blobs.path(digest), join(target.path, "blobs", digest.replace(":", "/")), size);
  });
  const roots = names.length > 0 ? namedRoots(root, names) : [tagged(root, tag)];
  const kept = (await existingEntries(join(target.path, "index.json"))).filter(
    (entry) => !roots.some((one) => sameName(one, entry)),
  );
  await writeFileAtomic(join(target.path, "index.json"), layoutIndex([...kept, ...roots]));
  await writeFileAtomic(join(target.path, "oci-layout"), layoutFile);
}

async function copyBlob(from: string, to: string, size: number): Promise<void> {
  const there = await stat(to).catch(() => undefined);
  if (there?.size === size) return;
  const temporary = temporaryBeside(to);
  try {
    await copyFile(from, temporary, constants.COPYFILE_FICLONE);
    await chmod(temporary, 0o444);
    await rename(temporary, to);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function tagged(root: Descriptor, tag: string): Descriptor {
  return { ...root, annotations: { ...root.annotations, "org.opencontainers.image.ref.name": tag } };
}

function sameName(a: Descriptor, b: Descriptor): boolean {
  const names = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];
  return names.every((name) => a.annotations?.[name] === b.annotations?.[name]);
}

async function existingEntries(path: string): Promise<readonly Descriptor[]> {
  try {
    return parseIndex(await readFile(path)).manifests;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}
