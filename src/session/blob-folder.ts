import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type Bytes,
  CooperError,
  type Digest,
  errnoOf,
  splitDigest,
  temporaryBeside,
  writeFileAtomic,
} from "../kit/index.ts";
import type { CallerBlobs } from "./contract.ts";

/** Blobs in the folder of an OCI layout (image spec, "Image Layout"), read and, where the caller wants results, written. */
export interface BlobFolder extends CallerBlobs {
  /** From a byte on. Throws `session/no-blob`. */
  readFrom(digest: Digest, offset: number): Promise<Bytes>;
  /**
   * Takes a blob's bytes. Only the whole blob ever appears, and only with the digest that `commit` names.
   */
  receive(): Promise<IncomingBlob>;
  /** Lists an image in the layout's index; entries of the same name are replaced. */
  list(entry: LayoutEntry, names: readonly string[]): Promise<void>;
}

export interface IncomingBlob extends AsyncDisposable {
  readonly size: number;
  write(data: Uint8Array): Promise<void>;
  /** The blob is there, and stays. Throws `session/bad-blob`. */
  commit(digest: Digest): Promise<void>;
}

/** What an index says of an image. */
export type LayoutEntry = Readonly<Record<string, unknown>> & {
  readonly annotations?: Readonly<Record<string, string>>;
};

/** The layout need not be there yet: what is received and listed makes it. */
export function blobFolder(folder: string): BlobFolder {
  const pathOf = (digest: Digest) => {
    const { algorithm, hex } = splitDigest(digest);
    return join(folder, "blobs", algorithm, hex);
  };
  const size = async (digest: Digest) => {
    try {
      const found = await stat(pathOf(digest));
      return found.isFile() ? found.size : undefined;
    } catch (error) {
      if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
      throw error;
    }
  };
  const readFrom = async (digest: Digest, offset: number): Promise<Bytes> => {
    if ((await size(digest)) === undefined) {
      throw new CooperError("session/no-blob", `content digest ${digest}: not found`);
    }
    return createReadStream(pathOf(digest), { start: offset, highWaterMark: 1024 * 1024 });
  };
  return {
    size,
    readFrom,
    read: async (digest) => readFrom(digest, 0),
    receive: () => receiveBlob(join(folder, "blobs"), pathOf),
    list: (entry, names) => listImage(folder, entry, names),
  };
}

async function receiveBlob(blobs: string, pathOf: (digest: Digest) => string): Promise<IncomingBlob> {
  const { createHash } = await import("node:crypto");
  await mkdir(blobs, { recursive: true });
  const temporary = temporaryBeside(join(blobs, "ingest"));
  const file = await open(temporary, "wx", 0o444);
  const hash = createHash("sha256");
  let [size, kept] = [0, false];
  return {
    get size() {
      return size;
    },
    async write(data) {
      hash.update(data);
      for (let at = 0; at < data.byteLength; ) at += (await file.write(data, at)).bytesWritten;
      size += data.byteLength;
    },
    async commit(digest) {
      const found = `sha256:${hash.digest("hex")}`;
      if (digest.startsWith("sha256:") && found !== digest) {
        throw new CooperError("session/bad-blob", `unexpected commit digest ${found}, expected ${digest}`);
      }
      await mkdir(dirname(pathOf(digest)), { recursive: true });
      await rename(temporary, pathOf(digest));
      kept = true;
    },
    async [Symbol.asyncDispose]() {
      await file.close();
      if (!kept) await rm(temporary, { force: true });
    },
  };
}

const nameKeys = ["io.containerd.image.name", "org.opencontainers.image.ref.name"] as const;

/** A name of an image stands with its tag beside it; `latest` and the like are tags alone. */
async function listImage(folder: string, entry: LayoutEntry, names: readonly string[]): Promise<void> {
  const path = join(folder, "index.json");
  const entries = names.map((name): LayoutEntry => {
    const tag = /:([\w.-]+)$/.exec(name)?.[1];
    const named = name.includes("/") || tag !== undefined ? { [nameKeys[0]]: name } : {};
    const annotations = Object.entries({ ...entry.annotations, ...named, [nameKeys[1]]: tag ?? name }).sort();
    return { ...entry, annotations: Object.fromEntries(annotations) };
  });
  const isSame = (one: LayoutEntry) =>
    entries.some((other) => nameKeys.every((key) => one.annotations?.[key] === other.annotations?.[key]));
  const kept = (await entriesOf(path)).filter((one) => !isSame(one));
  const index = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json" };
  await writeFileAtomic(path, JSON.stringify({ ...index, manifests: [...kept, ...entries] }));
  await writeFileAtomic(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
}

async function entriesOf(path: string): Promise<readonly LayoutEntry[]> {
  try {
    const { manifests } = JSON.parse(await readFile(path, "utf8")) as { readonly manifests?: readonly LayoutEntry[] };
    return manifests ?? [];
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}
