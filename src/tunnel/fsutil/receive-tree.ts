import { join } from "node:path";
import { type TreeEntry, walkTree } from "../../archive/index.ts";
import { fsutil, type MessageParts, type MessageStream } from "../../grpc/index.ts";
import { CooperError, messageOf, type Scope, writeFileSync } from "../../kit/index.ts";
import { IncomingTree } from "./incoming-tree.ts";
import { MetadataOnly, metadataFile } from "./metadata-only.ts";
import { type ReceivedPacket, receivedPacket } from "./received-packet.ts";

type Packets = MessageStream<fsutil.Packet, fsutil.Packet>;

export interface ReceiveOptions {
  /** Keep what is there and was not sent. Else it is removed. */
  readonly merge: boolean;
  /** Ask for every file, also for those that seem to be the same. */
  readonly renew?: boolean;
  /** Only these come, with the folders above; of all others the metadata, in `.fsutil-metadata`. */
  readonly only?: (path: string) => boolean;
  /** Told of the bytes received so far, now and then. */
  readonly progress?: (bytes: number) => void;
}

/**
 * Makes `folder` the tree that the other side sends by fsutil's protocol, and gives the number of bytes that it took. Only files
 * that differ from what is there (kind, mode, size, time) are asked for. Never writes outside of the folder, through no link.
 * A folder in which a transfer failed is good for the next one. Throws `session/transfer-failed`, `session/bad-path`.
 */
export async function receiveTree(
  folder: string,
  packets: Packets,
  options: ReceiveOptions,
  scope: Scope,
): Promise<number> {
  const tree = new IncomingTree(folder, options.merge ? undefined : present(folder), options.renew);
  const metadata = options.only && new MetadataOnly(options.only);
  const onAbort = () => packets.fail(scope.signal.reason);
  scope.signal.addEventListener("abort", onAbort, { once: true });
  let bytes = 0;
  try {
    for (let finishing = false; ; ) {
      scope.signal.throwIfAborted();
      const batch = await packets.readParts();
      if (batch === undefined) throw new CooperError("session/transfer-failed", "transfer ended early: EOF");
      for (const parts of batch) {
        const packet = receivedPacket(parts);
        bytes += sizeOf(parts);
        if (packet.type === fsutil.PacketType.FIN) {
          options.progress?.(bytes);
          return bytes;
        }
        const wait = take(packet, tree, metadata, packets);
        if (wait !== undefined) await wait;
      }
      options.progress?.(bytes);
      if (tree.complete && !finishing) {
        finishing = true;
        await tree.written();
        tree.finish();
        if (metadata !== undefined) writeFileSync(join(folder, metadataFile), metadata.notes());
        await packets.send({ type: fsutil.PacketType.FIN });
      }
    }
  } catch (error) {
    await packets.send({ type: fsutil.PacketType.ERR, data: Buffer.from(messageOf(error)) });
    throw error;
  } finally {
    scope.signal.removeEventListener("abort", onAbort);
    await tree.close();
  }
}

function present(folder: string): Map<string, TreeEntry> {
  return new Map(walkTree(folder).map((entry) => [entry.path, entry] as const));
}

/** A promise when no more should be read before it settles. */
function take(
  packet: ReceivedPacket,
  tree: IncomingTree,
  metadata: MetadataOnly | undefined,
  packets: Packets,
): Promise<void> | undefined {
  const { type, stat, id, pieces } = packet;
  if (type === fsutil.PacketType.DATA) return tree.data(id, pieces);
  if (type === fsutil.PacketType.ERR) {
    throw new CooperError("session/transfer-failed", `error from sender: ${Buffer.concat(pieces).toString("utf8")}`);
  }
  if (type === fsutil.PacketType.STAT) {
    const wanted = stat === undefined ? tree.allAnnounced() : announce(stat, tree, metadata);
    if (wanted !== undefined) return packets.send({ type: fsutil.PacketType.REQ, id: wanted });
  }
  return undefined;
}

function announce(stat: fsutil.Stat, tree: IncomingTree, metadata: MetadataOnly | undefined): number | undefined {
  if (metadata === undefined) return tree.announce(stat);
  const parents = metadata.take(stat);
  if (parents === undefined) return tree.pass();
  for (const parent of parents) tree.recall(parent);
  return tree.announce(stat);
}

function sizeOf(parts: MessageParts): number {
  return parts.reduce((sum, part) => sum + part.byteLength, 0);
}
