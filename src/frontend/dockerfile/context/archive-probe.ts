import type { Scope } from "../../../kit/index.ts";

const magics = [
  [0x42, 0x5a, 0x68], // bzip2
  [0x1f, 0x8b, 0x08], // gzip
  [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], // xz
];

/** Whether these first bytes (512 or more) of a file are those of an archive that a context may come as. */
export function isArchive(head: Uint8Array): boolean {
  return magics.some((magic) => magic.every((byte, at) => head[at] === byte)) || readHeader(head, 0) !== undefined;
}

/**
 * The latest modification time (seconds since 1970) of the regular files in a tar archive, plain or compressed with gzip, zstd,
 * bzip2 or xz (the latter two need the programs of that name); undefined when there is none, or the bytes are no archive. The
 * archive is at most what the frontend may read.
 */
export async function latestTimeInArchive(bytes: Uint8Array, scope: Scope): Promise<number | undefined> {
  const tar = await decompress(bytes, scope);
  if (tar === undefined) return undefined;
  let latest: number | undefined;
  for (let at = 0; at + 512 <= tar.byteLength; ) {
    const header = readHeader(tar, at);
    if (header === undefined) return tar[at] === 0 ? latest : undefined;
    if (header.regular) latest = Math.max(latest ?? header.mtime, header.mtime);
    at += 512 + Math.ceil(header.size / 512) * 512;
  }
  return latest;
}

const maxArchive = 256 << 20;

async function decompress(bytes: Uint8Array, scope: Scope): Promise<Uint8Array | undefined> {
  // Loaded here: it takes milliseconds at start, and few contexts are tarballs.
  const { gunzipSync, zstdDecompressSync } = process.getBuiltinModule("node:zlib");
  try {
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes, { maxOutputLength: maxArchive });
    if (bytes[0] === 0x28 && bytes[1] === 0xb5) return zstdDecompressSync(bytes, { maxOutputLength: maxArchive });
    if (bytes[0] === 0x42 && bytes[1] === 0x5a) return await throughTool("bzip2", bytes, scope);
    if (bytes[0] === 0xfd && bytes[1] === 0x37) return await throughTool("xz", bytes, scope);
    return bytes;
  } catch {
    scope.signal.throwIfAborted();
    return undefined;
  }
}

/** Node has neither format; the usual tools do. */
function throughTool(tool: string, bytes: Uint8Array, { signal }: Scope): Promise<Buffer> {
  const { execFile } = process.getBuiltinModule("node:child_process");
  return new Promise((resolve, reject) => {
    const settings = { encoding: "buffer", maxBuffer: maxArchive, signal } as const;
    const child = execFile(tool, ["-dc"], settings, (error, output) =>
      error === null ? resolve(output) : reject(error),
    );
    // A tool that ends early has its say in the callback.
    child.stdin?.on("error", () => undefined).end(bytes);
  });
}

function readHeader(tar: Uint8Array, at: number): { regular: boolean; size: number; mtime: number } | undefined {
  const header = Buffer.from(tar.buffer, tar.byteOffset + at, Math.min(512, tar.byteLength - at));
  if (header.byteLength < 512 || header[0] === 0) return undefined;
  let sum = 8 * 32;
  for (let i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += header[i] as number;
  if (octal(header, 148, 8) !== sum) return undefined;
  const type = header[156] as number;
  return { regular: type === 0 || type === 0x30, size: octal(header, 124, 12), mtime: octal(header, 136, 12) };
}

function octal(header: Buffer, at: number, length: number): number {
  if (((header[at] as number) & 0x80) !== 0) return header.readUIntBE(at + length - 6, 6);
  return (
    Number.parseInt(
      header
        .toString("latin1", at, at + length)
        .replaceAll("\0", " ")
        .trim(),
      8,
    ) || 0
  );
}
