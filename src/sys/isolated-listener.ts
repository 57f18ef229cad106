import { closeSync, openSync } from "node:fs";
import { checked } from "./error.ts";
import { CloneFlag, setns, unshare } from "./namespace.ts";
import { bind } from "./native.ts";

/** A network namespace that has nothing but a loopback, and a TCP socket that listens there on 127.0.0.1. Close both descriptors. */
export interface IsolatedListener {
  /** As `/proc/PID/fd/N` it is a file that others can join it by. */
  readonly namespace: number;
  readonly socket: number;
  readonly port: number;
}

const [afInet, sockStream, nonBlock, closeOnExec] = [2, 1, 0o4000, 0o2000000];
const [getFlags, setFlags, up] = [0x8913, 0x8914, 1];
const ownFile = "/proc/thread-self/ns/net";

/**
 * Makes one without a process: this thread is in the new namespace for as long as the call takes, and nothing else runs on it meanwhile. Needs
 * CAP_SYS_ADMIN. Throws `SysError`; an error of setns(2) means that the thread could not go back, and must not go on.
 */
export function listenInOwnNetwork(): IsolatedListener {
  const home = openSync(ownFile, "r");
  try {
    unshare(CloneFlag.network);
    try {
      return listenHere();
    } finally {
      setns(home, CloneFlag.network);
    }
  } finally {
    closeSync(home);
  }
}

function listenHere(): IsolatedListener {
  const namespace = openSync(ownFile, "r");
  let socket: number | undefined;
  try {
    socket = checked(bind("int socket(int, int, int)")(afInet, sockStream | nonBlock | closeOnExec, 0), "socket");
    loopbackUp(socket);
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

/** `struct ifreq`: a name of 16 bytes, the flags, and room for what other questions need. */
function loopbackUp(socket: number): void {
  const request = Buffer.alloc(40);
  request.write("lo");
  const ioctl = bind("int ioctl(int, unsigned long, void *)");
  checked(ioctl(socket, getFlags, request), "ioctl");
  request.writeUInt16LE(request.readUInt16LE(16) | up, 16);
  checked(ioctl(socket, setFlags, request), "ioctl");
}
