import { rmSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { control } from "../../grpc/index.ts";
import { type Digest, errnoOf, isDigest, parseDigest, sha256, splitDigest, writeFileAtomic } from "../../kit/index.ts";
import { decode, encode, type Init } from "../../wire/index.ts";

export type HistoryRecord = control.BuildHistoryRecord;

/** Where blobs can be had from. */
export interface Blobs {
  blob(digest: Digest): Promise<{ readonly path: string; readonly size: number } | undefined>;
}

/** Manifests are no larger than this, and an index leads to its manifests' configs in so many steps. */
const maxManifest = 4 << 20;
const maxDepth = 3;
/** Blobs come before the record that names them; after so many milliseconds it is not coming any more. */
const tooOld = 3_600_000;

/**
 * What is remembered of finished builds, on disk: `records/<digest of the ref>`, and the blobs that records name in
 * `blobs/<alg>/<hex>`. They are apart from the storage root's own, so that pruning does not touch them.
 */
export class HistoryFolder {
  readonly #path: string;
  /** Digests that each record names, and how many records name each. */
  readonly #named = new Map<string, ReadonlySet<string>>();
  readonly #counts = new Map<string, number>();
  /** Blobs of records that are still to be saved. */
  readonly #fresh = new Set<string>();

  constructor(path: string) {
    this.#path = path;
  }

  /** All records whose blobs are there. What a kill left half done is removed, once it is too old to be another daemon's work on this root. */
  async load(): Promise<readonly HistoryRecord[]> {
    const records: HistoryRecord[] = [];
    for (const name of await namesIn(join(this.#path, "records"))) {
      const record = await this.#read(name);
      if (record === undefined) await rm(join(this.#path, "records", name), { force: true });
      else records.push(record);
    }
    for (const record of records) this.#count(record.ref, await this.#namedBy(record));
    for (const algorithm of await namesIn(join(this.#path, "blobs"))) {
      for (const hex of await namesIn(join(this.#path, "blobs", algorithm))) {
        if (!this.#counts.has(`${algorithm}:${hex}`)) await removeOld(join(this.#path, "blobs", algorithm, hex));
      }
    }
    return records;
  }

  async save(record: HistoryRecord): Promise<void> {
    this.#count(record.ref, await this.#namedBy(record));
    await mkdir(join(this.#path, "records"), { recursive: true, mode: 0o700 });
    await writeFileAtomic(this.#recordPath(record.ref), encode(control.BuildHistoryRecord, record), 0o600);
  }

  /** Removes a record, and those of its blobs that no other record names. */
  async remove(ref: string): Promise<void> {
    const named = this.#named.get(ref) ?? new Set();
    this.#count(ref, new Set());
    await rm(this.#recordPath(ref), { force: true });
    // Looked at and removed in one go: the same blob may be put here again at any moment.
    for (const digest of named) {
      const needed = this.#counts.has(digest) || this.#fresh.has(digest);
      if (!needed && isDigest(digest)) rmSync(this.#blobPath(digest), { force: true });
    }
  }

  /** From now on the record names these. */
  #count(ref: string, digests: ReadonlySet<string>): void {
    const before = this.#named.get(ref) ?? new Set();
    if (digests.size === 0) this.#named.delete(ref);
    else this.#named.set(ref, digests);
    for (const digest of digests) {
      this.#counts.set(digest, (this.#counts.get(digest) ?? 0) + 1);
      this.#fresh.delete(digest);
    }
    for (const digest of before) {
      const left = (this.#counts.get(digest) ?? 0) - 1;
      if (left > 0) this.#counts.set(digest, left);
      else this.#counts.delete(digest);
    }
  }

  /** A blob of a record that is yet to be saved: until then no other record's end takes it away. */
  async putBlob(bytes: Uint8Array, mediaType: string): Promise<Init<control.Descriptor>> {
    const digest = sha256(bytes);
    this.#fresh.add(digest);
    const path = this.#blobPath(digest);
    await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
    await writeFileAtomic(path, bytes, 0o600);
    return { mediaType, digest, size: BigInt(bytes.byteLength) };
  }

  /** Copies what an index or manifest is made of, apart from its layers. */
  async keepImage(digest: string, from: Blobs, depth = maxDepth): Promise<void> {
    const found = isDigest(digest) && depth > 0 ? await from.blob(digest) : undefined;
    if (found === undefined || found.size > maxManifest) return;
    const bytes = await readFile(found.path);
    await this.putBlob(bytes, "");
    for (const child of childrenOf(bytes)) await this.keepImage(child, from, depth - 1);
  }

  async blob(digest: Digest): Promise<{ readonly path: string; readonly size: number } | undefined> {
    const path = this.#blobPath(digest);
    const found = await stat(path).catch(() => undefined);
    return found && { path, size: found.size };
  }

  async #read(name: string): Promise<HistoryRecord | undefined> {
    try {
      const record = decode(control.BuildHistoryRecord, await readFile(join(this.#path, "records", name)));
      const { logs } = record;
      return logs === undefined || (await this.blob(parseDigest(logs.digest))) !== undefined ? record : undefined;
    } catch {
      return undefined;
    }
  }

  /** Digests of everything that the record names, and of what the images among it are made of. */
  async #namedBy(record: HistoryRecord): Promise<ReadonlySet<string>> {
    const named = new Set<string>(blobsOf(record));
    const add = async (digest: string, depth: number) => {
      named.add(digest);
      const found = isDigest(digest) && depth > 0 ? await this.blob(digest) : undefined;
      if (found === undefined || found.size > maxManifest) return;
      for (const child of childrenOf(await readFile(found.path))) await add(child, depth - 1);
    };
    for (const digest of imagesOf(record)) await add(digest, maxDepth);
    return named;
  }

  #recordPath(ref: string): string {
    return join(this.#path, "records", splitDigest(sha256(ref)).hex);
  }

  #blobPath(digest: Digest): string {
    const { algorithm, hex } = splitDigest(digest);
    return join(this.#path, "blobs", algorithm, hex);
  }
}

async function removeOld(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && Date.now() - found.mtimeMs > tooOld) await rm(path, { force: true });
}

async function namesIn(path: string): Promise<readonly string[]> {
  return readdir(path).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  });
}

const digestsOf = (all: readonly (control.Descriptor | undefined)[]) =>
  all.flatMap((one) => (one === undefined ? [] : [one.digest]));
const resultsOf = ({ result, results }: HistoryRecord) => [...(result ? [result] : []), ...results.values()];

function imagesOf(record: HistoryRecord): string[] {
  return resultsOf(record).flatMap(({ results }) => digestsOf(results.map(({ value }) => value)));
}

function blobsOf(record: HistoryRecord): string[] {
  const attestations = resultsOf(record).flatMap((one) => digestsOf(one.attestations));
  return [...digestsOf([record.logs, record.trace, record.externalError]), ...attestations];
}

/** An index's manifests, a manifest's config; nothing for what is neither. */
function childrenOf(bytes: Buffer): readonly string[] {
  try {
    const { manifests = [], config } = JSON.parse(bytes.toString("utf8"));
    return [...manifests, ...(config?.digest === undefined ? [] : [config])].map(({ digest }) => String(digest));
  } catch {
    return [];
  }
}
