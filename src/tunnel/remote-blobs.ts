import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Code, carriedStatus, content, type GrpcClient, type Metadata } from "../grpc/index.ts";
import { type Bytes, CooperError, type Digest, parseDigest, type Scope } from "../kit/index.ts";
import type { CallerBlobs } from "../session/index.ts";
import { header } from "./names.ts";

/** Bytes in one message, well below what any side takes at once. */
const pieceSize = 1024 * 1024;

/** Blobs that a caller at the other end of a tunnel serves under a store's name. */
export function remoteBlobs(client: GrpcClient, store: string): CallerBlobs {
  const metadata = metadataOf(store);
  const { ContentService: service } = content;
  return {
    async size(digest, { signal }) {
      try {
        const { info } = await client.unary(service.Info, { digest }, { signal, metadata });
        return Number(info?.size ?? 0n);
      } catch (error) {
        if (carriedStatus(error)?.code === Code.NOT_FOUND) return undefined;
        throw error;
      }
    },
    read: async (digest, { signal }) => readRemote(client, digest, metadata, signal),
  };
}

/** Names travel as a header, which takes plain characters only. Throws `session/bad-store`, in grpc-go's words. */
function metadataOf(store: string): Metadata {
  if (/^[\x20-\x7e]*$/.test(store)) return new Map([[header.store, [store]]]);
  const what = `header key ${JSON.stringify(header.store)} contains value with non-printable ASCII characters`;
  throw new CooperError("session/bad-store", what, { hint: "name the folder with plain characters" });
}

async function* readRemote(client: GrpcClient, digest: Digest, metadata: Metadata, signal: AbortSignal): Bytes {
  const call = client.call(content.ContentService.Read, { signal, metadata });
  try {
    await call.messages.send({ digest });
    call.end();
    for await (const { data } of call.messages) if (data.byteLength > 0) yield data;
  } catch (error) {
    const status = carriedStatus(error);
    if (status?.code !== Code.NOT_FOUND) throw error;
    throw new CooperError("session/no-blob", status.message, { cause: error });
  } finally {
    call.cancel();
  }
}

/** Writes all blobs of an OCI layout's folder into a caller's store. The caller lists the image itself. */
export async function sendLayout(client: GrpcClient, store: string, folder: string, scope: Scope): Promise<void> {
  const blobs = join(folder, "blobs");
  for (const algorithm of await readdir(blobs)) {
    for (const hex of await readdir(join(blobs, algorithm))) {
      await sendBlob(client, store, parseDigest(`${algorithm}:${hex}`), join(blobs, algorithm, hex), scope);
    }
  }
}

async function sendBlob(
  client: GrpcClient,
  store: string,
  digest: Digest,
  path: string,
  { signal }: Scope,
): Promise<void> {
  const total = BigInt((await stat(path)).size);
  const metadata = metadataOf(store);
  const call = client.call(content.ContentService.Write, { signal, metadata });
  const ask = async (message: Parameters<typeof call.messages.send>[0]) => {
    await call.messages.send({ ref: `cooper-${digest}`, total, expected: digest, ...message });
    if ((await call.messages.read()) === undefined) throw new CooperError("session/transfer-failed", "EOF");
  };
  try {
    await ask({ action: 0 });
    let offset = 0n;
    for await (const data of createReadStream(path, { highWaterMark: pieceSize }) as AsyncIterable<Buffer>) {
      await ask({ action: 1, offset, data });
      offset += BigInt(data.byteLength);
    }
    await ask({ action: 2, offset });
    call.end();
  } catch (error) {
    if (carriedStatus(error)?.code !== Code.ALREADY_EXISTS) throw error;
  } finally {
    call.cancel();
  }
}
