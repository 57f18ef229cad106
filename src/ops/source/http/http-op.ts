import { createReadStream } from "node:fs";
import { join } from "node:path";
import { type Digest, Hasher, lazy, prefixed, sha256Fields } from "../../../kit/index.ts";
import type { Op } from "../../../solver/index.ts";
import type { SnapshotId, Storage } from "../../../storage/index.ts";
import type { OpScope, Ref } from "../../contract.ts";
import type { SourceAnswers } from "../answers.ts";
import { type HttpSource, httpAttributes } from "./attributes.ts";
import { type Download, findDownload } from "./download.ts";
import { fileName } from "./file-name.ts";

/**
 * `https://…`: one file. A checksum makes the key without asking the server; else the server is asked whether the file is still the
 * one that is here (ETag), and downloaded when not. The key is of the content, so an unchanged file is found again.
 */
export function httpSource(
  url: string,
  attrs: ReadonlyMap<string, string>,
  storage: Storage,
  answers: SourceAnswers,
): Op<Ref, OpScope> {
  const source = httpAttributes(url, attrs);
  let download: (() => Promise<Download>) | undefined;
  const find = (scope: OpScope) => {
    download ??= lazy(async () => signed(source, await findDownload(source, storage, answers, scope), storage));
    return download();
  };
  return {
    recipe: async (scope) => {
      if (source.checksum !== undefined && source.signature === undefined) {
        const name = fileName(source.url, source.filename, undefined);
        return {
          digest: keyOf(source, { name, digest: source.checksum, lastModified: "" }),
          content: [],
          storable: true,
          found: source.checksum,
        };
      }
      const download = await find(scope);
      return { digest: keyOf(source, download), content: [], storable: true, found: download.digest };
    },
    execute: async (_, scope) => [{ kind: "snapshot", id: (await find(scope)).snapshot as SnapshotId }],
  };
}

/** The download, when it has the signature that it must have. Throws `ops/bad-signature`. */
async function signed(source: HttpSource, download: Download, storage: Storage): Promise<Download> {
  if (source.signature === undefined) return download;
  const { verifyDetached } = await import("../signatures/pgp/verify.ts");
  await using tree = await storage.mount(storage.snapshots.view(download.snapshot as SnapshotId));
  const file = join(tree.path, download.name);
  try {
    await verifyDetached(() => createReadStream(file), source.signature.text, source.signature.publicKeys);
  } catch (error) {
    throw prefixed("failed to verify pgp signature", error, "ops/bad-signature");
  }
  return download;
}

/** What a server says of a file; it is downloaded when it is not here. With `wish`, also the digest of the file and bytes after it. */
export async function httpMetadata(
  url: string,
  attrs: ReadonlyMap<string, string>,
  wish: ChecksumWish | undefined,
  storage: Storage,
  answers: SourceAnswers,
  scope: OpScope,
): Promise<HttpMetadata> {
  const source = httpAttributes(url, attrs);
  const download = await signed(source, await findDownload(source, storage, answers, scope), storage);
  const date = new Date(download.lastModified);
  return {
    checksum: download.digest,
    filename: download.name,
    ...(!Number.isNaN(date.getTime()) && { lastModified: date }),
    ...(wish && { checksumResponse: { digest: await digestOf(download, wish, storage), suffix: wish.suffix } }),
  };
}

interface ChecksumWish {
  readonly algorithm: "sha256" | "sha384" | "sha512";
  readonly suffix: Uint8Array;
}
interface HttpMetadata {
  readonly checksum: Digest;
  readonly filename: string;
  readonly lastModified?: Date;
  readonly checksumResponse?: { readonly digest: Digest; readonly suffix: Uint8Array };
}

async function digestOf(download: Download, { algorithm, suffix }: ChecksumWish, storage: Storage): Promise<Digest> {
  const hasher = new Hasher(algorithm);
  await using tree = await storage.mount(storage.snapshots.view(download.snapshot as SnapshotId));
  for await (const chunk of createReadStream(join(tree.path, download.name))) hasher.update(chunk);
  hasher.update(suffix);
  return hasher.finish();
}

function keyOf(source: HttpSource, file: Pick<Download, "name" | "digest" | "lastModified">) {
  const owner = [source.mode, source.uid, source.gid].map(String);
  return sha256Fields("http", file.name, file.digest, file.lastModified, ...owner);
}
