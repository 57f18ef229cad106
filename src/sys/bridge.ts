import { closeSync, readdirSync } from "node:fs";
import { checked } from "./error.ts";
import { bind } from "./native.ts";

const [afInet, sockDatagram, closeOnExec] = [2, 2, 0o2000000];
/** Requests of `<linux/sockios.h>`. */
const [getFlags, setFlags, deleteBridge, up] = [0x8913, 0x8914, 0x89a1, 1];

/** Removes a bridge of this network. Nothing happens when there is none, or somebody is attached to it. Needs CAP_NET_ADMIN. Throws `SysError`. */
export function removeBridge(name: string): void {
  if (!isUnused(name)) return;
  const socket = checked(bind("int socket(int, int, int)")(afInet, sockDatagram | closeOnExec, 0), "socket");
  try {
    const ioctl = bind("int ioctl(int, unsigned long, void *)");
    const request = Buffer.alloc(40);
    request.write(name.slice(0, 15));
    checked(ioctl(socket, getFlags, request), "ioctl", name);
    request.writeUInt16LE(request.readUInt16LE(16) & ~up, 16);
    // One that is up cannot be removed.
    checked(ioctl(socket, setFlags, request), "ioctl", name);
    const plain = Buffer.alloc(16);
    plain.write(name.slice(0, 15));
    checked(ioctl(socket, deleteBridge, plain), "ioctl", name);
  } finally {
    closeSync(socket);
  }
}

function isUnused(name: string): boolean {
  try {
    return readdirSync(`/sys/class/net/${name}/brif`).length === 0;
  } catch {
    return false;
  }
}
