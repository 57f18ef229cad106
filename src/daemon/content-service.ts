import { open, stat } from "node:fs/promises";
import type { Housekeeping } from "../engine/index.ts";
import { Code, content, type Handler, rpcError, streaming, unary } from "../grpc/index.ts";
import { type Digest, isDigest, quietScope } from "../kit/index.ts";
import type { Blobs } from "./history/history-folder.ts";
import { timestamp } from "./times.ts";

/** Bytes per message: containerd's. */
const chunkSize = 1 << 20;

/** containerd's content store, to be read only, as upstream's is: blobs of the root, and of the builds that are remembered. */
export function contentHandlers(housekeeping: Housekeeping | undefined, history: Blobs): readonly Handler[] {
  const stores = [...(housekeeping ? [housekeeping] : []), history];
  const { ContentService: service } = content;
  const find = async (text: string) => {
    if (!isDigest(text))
      throw rpcError(Code.INVALID_ARGUMENT, `${JSON.stringify(text)}: invalid checksum digest format`);
    return found(stores, text);
  };
  return [
    ...unwritable(),
    // The root's own: what is remembered is told by its records.
    streaming(service.List, async ({ messages, signal }) => {
      await messages.read();
      const entries = (await housekeeping?.usage({ ...quietScope, signal })) ?? [];
      const info = entries.flatMap(({ kind, id, size, created, used }) => {
        const times = { createdAt: timestamp(created), updatedAt: timestamp(used) };
        return kind === "blob" ? [{ digest: id, size: BigInt(size), ...times }] : [];
      });
      for (let at = 0; at < info.length; at += 100) await messages.send({ info: info.slice(at, at + 100) });
    }),
    unary(service.Info, async ({ digest }) => {
      const { path, size } = await find(digest);
      const { birthtime, mtime } = await stat(path);
      const times = { createdAt: timestamp(birthtime), updatedAt: timestamp(mtime) };
      return { info: { digest, size: BigInt(size), ...times } };
    }),
    streaming(service.Read, async ({ messages, signal }) => {
      const [request] = (await messages.read()) ?? [];
      const { path, size } = await find(request?.digest ?? "");
      const [from, to] = range(request, size);
      await using file = await open(path);
      for (let at = from; at < to; ) {
        signal.throwIfAborted();
        const buffer = Buffer.allocUnsafe(Math.min(chunkSize, to - at));
        const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, at);
        if (bytesRead === 0) throw rpcError(Code.DATA_LOSS, "unexpected EOF");
        await messages.send({ offset: BigInt(at), data: buffer.subarray(0, bytesRead) });
        at += bytesRead;
      }
    }),
  ];
}

/** What changes a content store; nothing is ever under way in this one. */
function unwritable(): readonly Handler[] {
  const { ContentService: service } = content;
  const refuse = async () => {
    throw rpcError(Code.UNKNOWN, "read-only content store");
  };
  return [
    streaming(service.Write, async ({ messages }) => {
      const [first] = (await messages.read()) ?? [];
      if (first?.ref === "") throw rpcError(Code.INVALID_ARGUMENT, "first message must have a reference");
      await refuse();
    }),
    unary(service.Update, refuse),
    unary(service.Delete, refuse),
    unary(service.Abort, refuse),
    unary(service.ListStatuses, async () => ({})),
    unary(service.Status, async ({ ref }) => {
      throw rpcError(
        Code.NOT_FOUND,
        `could not get status for ref ${JSON.stringify(ref)}: reference ${ref}: not found`,
      );
    }),
  ];
}

async function found(stores: readonly Blobs[], digest: Digest) {
  for (const store of stores) {
    const blob = await store.blob(digest);
    if (blob !== undefined) return blob;
  }
  throw rpcError(Code.NOT_FOUND, `content digest ${digest}: not found`);
}

/** What is there of the asked; size 0 is all that follows the offset. */
function range(request: content.ReadContentRequest | undefined, size: number): readonly [number, number] {
  const [offset, length] = [Math.max(0, Number(request?.offset ?? 0n)), Number(request?.size ?? 0n)];
  if (offset > size) throw rpcError(Code.OUT_OF_RANGE, `read past object length ${size} bytes`);
  return [offset, length > 0 ? Math.min(size, offset + length) : size];
}
