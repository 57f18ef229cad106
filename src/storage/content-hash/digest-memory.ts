import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { decodeRaw, encodeRaw, temporaryBeside } from "../../kit/index.ts";
import { FolderMemory } from "./folder-memory.ts";

const magic = "cooper file digests 2\n";

/**
 * Digests of the files of one tree, kept in one file of the root: a block for each folder, so that a build that looks at
 * one folder decodes one block, and unchanged blocks are written back as they are. A damaged file counts as empty.
 *
 * Layout, little endian: magic, then per folder u32 length of path, u32 length of block, path, block (`FolderMemory`).
 */
export class DigestMemory {
  readonly #path: string;
  readonly #ownFolder: string;
  readonly #blocks: Map<string, Buffer>;
  readonly #folders = new Map<string, FolderMemory>();

  /** `ownFolder`: is there, on the same file system, this process's alone, and removed by others when it dies: what is saved is written there first. */
  constructor(path: string, ownFolder: string) {
    this.#path = path;
    this.#ownFolder = ownFolder;
    this.#blocks = readBlocks(path);
  }

  /** What is remembered of the folder's files. */
  folder(path: string): FolderMemory {
    let folder = this.#folders.get(path);
    if (folder === undefined) {
      folder = new FolderMemory(this.#blocks.get(path));
      this.#folders.set(path, folder);
    }
    return folder;
  }

  /** Writes what was learnt, in one rename. Two processes may do so at once: one of them has to learn again. */
  save(): void {
    let changed = false;
    for (const [path, folder] of this.#folders) {
      const block = folder.encodeIfChanged();
      if (block === undefined) continue;
      changed = true;
      this.#blocks.set(path, block);
      this.#folders.set(path, new FolderMemory(block));
    }
    if (changed) writeBlocks(this.#path, this.#blocks, this.#ownFolder);
  }
}

function readBlocks(path: string): Map<string, Buffer> {
  const blocks = new Map<string, Buffer>();
  try {
    const data = readFileSync(path);
    if (data.toString("latin1", 0, magic.length) !== magic) return blocks;
    for (let at = magic.length; at < data.length; ) {
      const [pathLength, blockLength] = [data.readUInt32LE(at), data.readUInt32LE(at + 4)];
      const start = at + 8 + pathLength;
      blocks.set(decodeRaw(data, at + 8, start), data.subarray(start, start + blockLength));
      at = start + blockLength;
    }
    return blocks;
  } catch {
    return new Map();
  }
}

function writeBlocks(path: string, blocks: ReadonlyMap<string, Buffer>, ownFolder: string): void {
  const parts: Buffer[] = [Buffer.from(magic)];
  for (const [folder, block] of blocks) {
    const name = encodeRaw(folder);
    const head = Buffer.allocUnsafe(8);
    head.writeUInt32LE(name.length, 0);
    head.writeUInt32LE(block.length, 4);
    parts.push(head, name, block);
  }
  const temporary = temporaryBeside(join(ownFolder, basename(path)));
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(temporary, Buffer.concat(parts), { flag: "wx", mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
