import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type Bytes, collect } from "../../kit/index.ts";
import type { TarHeader, TarSource } from "../contract.ts";
import { readTar } from "../tar/read-tar.ts";
import { tarStream } from "../tar/tar-stream.ts";
import layers from "./upstream-layers.json" with { type: "json" };

/** A folder for a test file, removed when its tests have run. */
export function testFolder(): (name?: string) => string {
  const folder = mkdtempSync(join(tmpdir(), "cooper-archive-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (name = "") => join(folder, name);
}

interface RecordedEntry {
  readonly name: string;
  readonly type: string;
  readonly mode: string;
  readonly mtime: number;
  readonly owner?: readonly number[];
  readonly link?: string;
  readonly dev?: readonly number[];
  readonly content?: string;
}

/** Layers that upstream made, by the digest of their tar, with what they hold. */
export const upstreamLayers = Object.entries(layers as Record<string, RecordedEntry[]>).map(([diffId, entries]) => ({
  diffId,
  entries: entries.map(recorded),
}));

function recorded(entry: RecordedEntry): TarSource {
  const names: Readonly<Record<string, TarHeader["type"]>> = { dir: "directory", char: "character" };
  const [uid = 0, gid = 0] = entry.owner ?? [];
  const [major = 0, minor = 0] = entry.dev ?? [];
  const bytes = Buffer.from(entry.content ?? "");
  const header = headerOf({
    name: entry.name,
    type: names[entry.type] ?? (entry.type as TarHeader["type"]),
    mode: Number.parseInt(entry.mode, 8),
    uid,
    gid,
    size: bytes.length,
    mtime: BigInt(entry.mtime) * 1_000_000_000n,
    ...(entry.link !== undefined && { linkName: entry.link }),
    ...(entry.dev !== undefined && { device: { major, minor } }),
  });
  return bytes.length === 0 ? { header } : { header, body: { bytes } };
}

/** A header with defaults for what a test does not care about. */
export function headerOf(header: Partial<TarHeader> & { readonly name: string }): TarHeader {
  return { type: "file", mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0n, ...header };
}

/** A file's entry. */
export function file(name: string, content: string, header: Partial<TarHeader> = {}): TarSource {
  const bytes = Buffer.from(content);
  const size = bytes.length;
  return size === 0
    ? { header: headerOf({ name, ...header }) }
    : { header: headerOf({ name, size, ...header }), body: { bytes } };
}

export const never = { signal: new AbortController().signal };

/** The tar of these entries. */
export function tarOf(...entries: readonly TarSource[]): Promise<Buffer> {
  return collect(tarStream(entries, never), 1e9);
}

/** The bytes in pieces of that size. */
export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

/** All entries of a tar with their bodies. */
export async function entriesOf(tar: Bytes): Promise<{ header: TarHeader; text: string }[]> {
  const entries: { header: TarHeader; text: string }[] = [];
  for await (const { header, body } of readTar(tar))
    entries.push({ header, text: (await collect(body(), 1e9)).toString() });
  return entries;
}
