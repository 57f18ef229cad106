import {
  Code,
  content,
  firstOf,
  type Handler,
  type Metadata,
  rpcError,
  type ServerCall,
  streaming,
  unary,
} from "../grpc/index.ts";
import { type Digest, parseDigest } from "../kit/index.ts";
import type { BlobFolder, IncomingBlob, Session } from "../session/index.ts";
import { header } from "./names.ts";

type Write = ServerCall<content.WriteContentRequest, content.WriteContentResponse>;

const action = { stat: 0, write: 1, commit: 2 } as const;
/** Bytes in one message. */
const pieceSize = 1024 * 1024;

/** containerd's content service on the caller's folders of blobs: OCI layouts that a build reads, or that it writes its result to. */
export function blobHandlers(session: Session): readonly Handler[] {
  const { ContentService: service } = content;
  const storeOf = (metadata: Metadata) => {
    const id = firstOf(metadata, header.store) ?? "";
    const found = session.blobFolder?.(id);
    if (found === undefined) throw rpcError(Code.NOT_FOUND, `unknown store ${id}: not found`);
    return found;
  };
  return [
    unary(service.Info, async ({ digest }, { metadata, signal }) => {
      const known = digestOf(digest);
      const size = await storeOf(metadata).folder.size(known, { signal, log: () => {} });
      if (size === undefined) throw rpcError(Code.NOT_FOUND, `content ${digest}: not found`);
      return { info: { digest, size: BigInt(size) } };
    }),
    streaming(service.Read, (call) => readBlob(storeOf(call.metadata).folder, call)),
    // Nothing is kept of a write that broke off.
    unary(service.Status, async ({ ref }) => {
      throw rpcError(Code.NOT_FOUND, `ingest ref ${JSON.stringify(ref)}: not found`);
    }),
    unary(service.Abort, async () => ({})),
    streaming(service.Write, (call) => {
      const { folder, writable } = storeOf(call.metadata);
      if (!writable) throw rpcError(Code.PERMISSION_DENIED, "this store is only for reading");
      return writeBlob(folder, call);
    }),
  ];
}

async function readBlob(
  folder: BlobFolder,
  call: ServerCall<content.ReadContentRequest, content.ReadContentResponse>,
): Promise<void> {
  const [request] = (await call.messages.read()) ?? [];
  if (request === undefined) return;
  const digest = digestOf(request.digest);
  let offset = request.offset;
  const end = request.size > 0n ? offset + request.size : undefined;
  for await (const chunk of await folder.readFrom(digest, Number(offset))) {
    for (let at = 0; at < chunk.byteLength; at += pieceSize) {
      const left = end === undefined ? pieceSize : Math.min(pieceSize, Number(end - offset));
      const data = chunk.subarray(at, at + left);
      if (data.byteLength > 0) await call.messages.send({ offset, data });
      offset += BigInt(data.byteLength);
    }
    if (end !== undefined && offset >= end) return;
  }
}

/** One blob: its name and size first, its bytes, then its digest. */
async function writeBlob(folder: BlobFolder, call: Write): Promise<void> {
  let incoming: IncomingBlob | undefined;
  try {
    for await (const message of call.messages) {
      const { expected, offset, data } = message;
      if (expected !== "" && incoming === undefined) {
        const size = await folder.size(digestOf(expected), { signal: call.signal, log: () => {} });
        if (size !== undefined) throw rpcError(Code.ALREADY_EXISTS, `content ${expected}: already exists`);
      }
      incoming ??= await folder.receive();
      if (message.action !== action.stat && Number(offset) !== incoming.size && data.byteLength > 0) {
        throw rpcError(Code.OUT_OF_RANGE, `write @${offset} must occur at current offset ${incoming.size}`);
      }
      if (data.byteLength > 0) await incoming.write(data);
      if (message.action === action.commit) {
        await incoming.commit(digestOf(expected));
        await call.messages.send(answer(message, incoming, expected));
        return;
      }
      await call.messages.send(answer(message, incoming, ""));
    }
  } finally {
    await incoming?.[Symbol.asyncDispose]();
  }
}

function answer(message: content.WriteContentRequest, incoming: IncomingBlob, digest: string) {
  const now = Date.now();
  const time = { seconds: BigInt(Math.floor(now / 1000)), nanos: (now % 1000) * 1e6 };
  const { action: done, total } = message;
  return { action: done, startedAt: time, updatedAt: time, offset: BigInt(incoming.size), total, digest };
}

function digestOf(text: string): Digest {
  try {
    return parseDigest(text);
  } catch (cause) {
    throw rpcError(Code.INVALID_ARGUMENT, `invalid digest ${JSON.stringify(text)}`, [], cause);
  }
}
