import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, createReadStream, readSync } from "node:fs";
import type { Readable } from "node:stream";
import { applyLayer, decompress, readTar, type TarSource, tarStream } from "../../archive/index.ts";
import { type Bytes, CooperError, lstatIfThere, openSync, pathInside, rawBytes, type Scope } from "../../kit/index.ts";
import type { ActionSurroundings } from "./actions.ts";
import { makeFolders, type Owner, type TargetTree } from "./make-folders.ts";
import type { SourceTree } from "./source-tree.ts";

/**
 * ADD's way with archives: when the file is a tar (plain, gzip, bzip2, xz or zstd), unpacks it into the directory `dest` of the tree,
 * which is made when missing, and returns true. Anything else is left to be copied. Owners are the archive's unless one
 * is given. Throws `archive/…` for a damaged archive, `ops/no-tool` when xz or bzip2 is not installed.
 */
export async function unpackArchive(
  path: string,
  dest: string,
  source: SourceTree,
  tree: TargetTree,
  { owner, scope }: Pick<ActionSurroundings, "owner" | "scope">,
  time: bigint | undefined,
): Promise<boolean> {
  const file = pathInside(source.root, path);
  if (!source.exists(source.relative(file)) || lstatIfThere(file)?.isFile() !== true) return false;
  if (!(await isTar(file, scope))) return false;
  const target = pathInside(tree.path, dest);
  makeFolders(tree, target, { mode: 0o755, owner, time });
  const tar = plainBytes(file, scope);
  await applyLayer(
    owner === undefined ? tar : ownedBy(tar, owner, scope),
    target,
    { form: "whole", plain: true, files: tree.files },
    scope,
  );
  return true;
}

/** Whether the first header of a tar can be read from it. An empty tar is one, too, but then there is nothing to unpack. */
async function isTar(file: string, scope: Scope): Promise<boolean> {
  if (!mayBeTar(headOf(file))) return false;
  try {
    for await (const entry of readTar(plainBytes(file, scope))) return entry.header.name !== "";
    return false;
  } catch (error) {
    if (error instanceof CooperError && error.code === "ops/no-tool") throw error;
    return false;
  }
}

/** A look at the first block saves most files the attempt: compressed, or with a tar header's magic or its octal checksum. */
function mayBeTar(head: Buffer): boolean {
  if (compressionOf(head) !== "none") return true;
  return (
    head.length === 512 &&
    (head.toString("latin1", 257, 262) === "ustar" || /^[0-7 \0]{8}$/.test(head.toString("latin1", 148, 156)))
  );
}

function headOf(file: string): Buffer {
  const head = Buffer.alloc(512);
  const handle = openSync(file, "r");
  try {
    return head.subarray(0, readSync(handle, head));
  } finally {
    closeSync(handle);
  }
}

type ArchiveCompression = "none" | "gzip" | "zstd" | "bzip2" | "xz";

function compressionOf(head: Buffer): ArchiveCompression {
  const starts = (hex: string) => head.toString("hex", 0, hex.length / 2) === hex;
  if (starts("1f8b08")) return "gzip";
  if (starts("28b52ffd")) return "zstd";
  if (starts("425a68")) return "bzip2";
  return starts("fd377a585a00") ? "xz" : "none";
}

function plainBytes(file: string, scope: Scope): Bytes {
  const compression = compressionOf(headOf(file));
  if (compression === "bzip2" || compression === "xz") return throughTool(compression, file, scope);
  return decompress(createReadStream(rawBytes(file)), scope);
}

/** Node has neither; the usual tools do. */
async function* throughTool(tool: string, file: string, scope: Scope): AsyncGenerator<Uint8Array> {
  // From its input, not by name: an argument is text, and a file's name may be other bytes.
  const input = openSync(file, "r");
  const child = spawn(tool, ["-dc"], { stdio: [input, "pipe", "ignore"], signal: scope.signal });
  closeSync(input);
  const closed = once(child, "close");
  closed.catch(() => {});
  try {
    yield* child.stdout as Readable;
    const [code] = await closed;
    if (code !== 0)
      throw new CooperError("ops/bad-archive", `cannot unpack archive: ${tool} ended with exit code ${code}`);
  } catch (error) {
    if (error instanceof CooperError) throw error;
    await closed.catch((cause: unknown) => {
      const hint = `install it; on Debian: apt-get install ${tool === "xz" ? "xz-utils" : tool}`;
      throw new CooperError("ops/no-tool", `cannot unpack archive: no program ${tool}`, { cause, hint });
    });
    throw error;
  } finally {
    child.kill("SIGKILL");
  }
}

function ownedBy(tar: Bytes, owner: Owner, scope: Scope): Bytes {
  async function* entries(): AsyncGenerator<TarSource> {
    for await (const { header, body } of readTar(tar)) {
      yield { header: { ...header, ...owner }, ...(header.type === "file" && { body: { stream: body() } }) };
    }
  }
  return tarStream(entries(), scope);
}
