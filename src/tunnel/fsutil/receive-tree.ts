import { type TreeEntry, walkTree } from "../../archive/index.ts";
import { fsutil, type MessageStream } from "../../grpc/index.ts";
import { CooperError, messageOf, raceSignal, type Scope } from "../../kit/index.ts";
import { IncomingTree } from "./incoming-tree.ts";
import { packetSize } from "./packet-size.ts";

type Packets = MessageStream<fsutil.Packet, fsutil.Packet>;

export interface ReceiveOptions {
  /** Keep what is there and was not sent. Else it is removed. */
  readonly merge: boolean;
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
  const tree = new IncomingTree(folder, options.merge ? undefined : present(folder));
  let bytes = 0;
  try {
    for (let finishing = false; ; ) {
      const batch = await raceSignal(packets.read(), scope.signal);
      if (batch === undefined) throw new CooperError("session/transfer-failed", "transfer ended early: EOF");
      for (const packet of batch) {
        bytes += packetSize(packet);
        if (packet.type === fsutil.PacketType.FIN) {
          options.progress?.(bytes);
          return bytes;
        }
        await take(packet, tree, packets);
      }
      options.progress?.(bytes);
      if (tree.complete && !finishing) {
        finishing = true;
        tree.finish();
        await packets.send({ type: fsutil.PacketType.FIN });
        packets.flush();
      }
    }
  } catch (error) {
    await packets.send({ type: fsutil.PacketType.ERR, data: Buffer.from(messageOf(error)) });
    packets.flush();
    throw error;
  } finally {
    tree.close();
  }
}

function present(folder: string): Map<string, TreeEntry> {
  return new Map(walkTree(folder).map((entry) => [entry.path, entry] as const));
}

async function take(packet: fsutil.Packet, tree: IncomingTree, packets: Packets): Promise<void> {
  const { type, stat, id, data } = packet;
  if (type === fsutil.PacketType.ERR) {
    throw new CooperError("session/transfer-failed", `error from sender: ${Buffer.from(data).toString("utf8")}`);
  }
  if (type === fsutil.PacketType.STAT) {
    const wanted = stat === undefined ? tree.allAnnounced() : tree.announce(stat);
    if (wanted !== undefined) await packets.send({ type: fsutil.PacketType.REQ, id: wanted });
  } else if (type === fsutil.PacketType.DATA) await tree.data(id, data);
}
