import { closeSync, openSync } from "node:fs";
import { checked } from "./error.ts";
import { switchOn } from "./loopback.ts";
import { CloneFlag, unshare } from "./namespace.ts";
import { bind } from "./native.ts";

const [afInet, sockStream, nonBlock, closeOnExec] = [2, 1, 0o4000, 0o2000000];

// The bundle's stand-in for the module is no port, and a port wants to be itself.
const { parentPort } = process.getBuiltinModule("node:worker_threads");

/** What the thread of `listenInOwnNetwork` does: it leaves the network of its process for a new one, and ends there. */
try {
  unshare(CloneFlag.network);
  parentPort?.postMessage(listenHere());
} catch (error) {
  parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) });
}

function listenHere(): { readonly namespace: number; readonly socket: number; readonly port: number } {
  const namespace = openSync("/proc/thread-self/ns/net", "r");
  let socket: number | undefined;
  try {
    socket = checked(bind("int socket(int, int, int)")(afInet, sockStream | nonBlock | closeOnExec, 0), "socket");
    switchOn(socket);
    // Family, port and address; port 0 is any.
    const address = Buffer.alloc(16);
    address.writeUInt16LE(afInet, 0);
    address.set([127, 0, 0, 1], 4);
    checked(bind("int bind(int, void *, uint32_t)")(socket, address, address.length), "bind");
    checked(bind("int listen(int, int)")(socket, 128), "listen");
    const length = Buffer.alloc(4);
    length.writeUInt32LE(address.length);
    checked(bind("int getsockname(int, void *, void *)")(socket, address, length), "getsockname");
    return { namespace, socket, port: address.readUInt16BE(2) };
  } catch (error) {
    if (socket !== undefined) closeSync(socket);
    closeSync(namespace);
    throw error;
  }
}
