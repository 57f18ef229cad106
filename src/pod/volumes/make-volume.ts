import { chmodSync, lchownSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CooperError, makeFolders } from "../../kit/index.ts";
import { mount } from "../../sys/index.ts";
import type { FileSource, Pod, PodSurroundings, Volume } from "../contract.ts";
import { objectData } from "../run/env.ts";
import { fieldValue, resourceValue } from "../run/fields.ts";

/** A volume that is there: what to mount, and how. */
export interface MadeVolume {
  /** A folder, or a file or device of hostPath. */
  readonly path: string;
  readonly readOnly: boolean;
  /** Bytes that it may hold; only of emptyDir on disk. */
  readonly sizeLimit?: number;
}

/** Makes all volumes of the pod. Throws `pod/host-path`, `pod/no-object`, `pod/no-key`, `pod/bad-field`. */
export async function makeVolumes(pod: Pod, around: PodSurroundings): Promise<ReadonlyMap<string, MadeVolume>> {
  const made = new Map<string, MadeVolume>();
  for (const [name, volume] of pod.volumes) made.set(name, await makeVolume(name, volume, pod, around));
  return made;
}

async function makeVolume(name: string, volume: Volume, pod: Pod, around: PodSurroundings): Promise<MadeVolume> {
  switch (volume.kind) {
    case "emptyDir":
      return makeEmptyDir(name, volume, pod, around);
    case "hostPath":
      return { path: hostPath(volume.path, volume.type), readOnly: false };
    case "claim": {
      const path = await around.claimFolder(volume.claim);
      giveGroup(path, pod.fsGroup);
      return { path, readOnly: volume.readOnly };
    }
    case "files": {
      const path = freshFolder(name, around);
      writeSources(path, volume, pod, around);
      return { path, readOnly: true };
    }
  }
}

/** Open to all, as Kubernetes has it: root-owned, mode 0777. */
async function makeEmptyDir(
  name: string,
  volume: Extract<Volume, { kind: "emptyDir" }>,
  pod: Pod,
  around: PodSurroundings,
): Promise<MadeVolume> {
  const kept = await around.keptFolder(name);
  const path = kept ?? freshFolder(name, around);
  if (volume.memory && kept === undefined) {
    const size = volume.sizeLimit === undefined ? "" : `,size=${Math.ceil(volume.sizeLimit)}`;
    mount("tmpfs", path, "tmpfs", 0, `mode=0777${size}`);
  }
  chmodSync(path, 0o777);
  giveGroup(path, pod.fsGroup);
  const limited = volume.sizeLimit !== undefined && !volume.memory;
  return { path, readOnly: false, ...(limited && { sizeLimit: volume.sizeLimit }) };
}

function freshFolder(name: string, around: PodSurroundings): string {
  const path = join(around.folder, "volumes", name);
  makeFolders(path, 0o755);
  return path;
}

/** Files made in the folder get its group. */
function giveGroup(path: string, group: number | undefined): void {
  if (group === undefined) return;
  lchownSync(path, statSync(path).uid, group);
  chmodSync(path, (statSync(path).mode & 0o7777) | 0o2070);
}

function hostPath(path: string, type: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined && type === "DirectoryOrCreate") makeFolders(path, 0o755);
  else if (stats === undefined && type === "FileOrCreate") {
    writeFileSync(path, "", { mode: 0o644, flag: "a" });
  } else if (stats === undefined) {
    throw new CooperError("pod/host-path", `cannot mount ${JSON.stringify(path)} of this machine: it does not exist`, {
      hint: "make it, or use type DirectoryOrCreate",
    });
  } else if (!isOfType(stats, type)) {
    throw new CooperError("pod/host-path", `cannot mount ${JSON.stringify(path)} of this machine: it is no ${type}`);
  }
  return path;
}

function isOfType(stats: ReturnType<typeof statSync> & object, type: string): boolean {
  switch (type) {
    case "Directory":
    case "DirectoryOrCreate":
      return stats.isDirectory();
    case "File":
    case "FileOrCreate":
      return stats.isFile();
    case "Socket":
      return stats.isSocket();
    case "CharDevice":
      return stats.isCharacterDevice();
    case "BlockDevice":
      return stats.isBlockDevice();
    default:
      return true;
  }
}

/** In memory: secrets are never on a disk. Later sources replace files of earlier ones. */
function writeSources(
  folder: string,
  volume: Extract<Volume, { kind: "files" }>,
  pod: Pod,
  around: PodSurroundings,
): void {
  mount("tmpfs", folder, "tmpfs", 0, "mode=0755,size=16m");
  for (const source of volume.sources) {
    for (const { path, mode = volume.mode, data } of filesOf(source, pod, around)) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
      writeFileSync(file, data);
      chmodSync(file, pod.fsGroup === undefined ? mode : mode | 0o040);
      if (pod.fsGroup !== undefined) lchownSync(file, 0, pod.fsGroup);
    }
  }
}

interface File {
  readonly path: string;
  readonly mode?: number | undefined;
  readonly data: string | Buffer;
}

function filesOf(source: FileSource, pod: Pod, around: PodSurroundings): readonly File[] {
  switch (source.kind) {
    case "field":
      return [{ ...source.item, data: fieldValue(source.path, around) }];
    case "resource": {
      const container = [...pod.containers, ...pod.initContainers].find(({ name }) => name === source.container);
      return [{ ...source.item, data: resourceValue(source.resource, source.divisor, container ?? { resources: {} }) }];
    }
    case "object": {
      const data = objectData(source.of, around);
      if (source.items === undefined) return [...data].map(([path, value]) => ({ path, data: value }));
      return source.items.flatMap((item): readonly File[] => {
        const value = data.get(item.key);
        if (value !== undefined) return [{ ...item, data: value }];
        if (source.of.optional) return [];
        throw new CooperError(
          "pod/no-key",
          `cannot find key ${JSON.stringify(item.key)} in ${source.of.type} ${JSON.stringify(source.of.name)}`,
        );
      });
    }
  }
}
