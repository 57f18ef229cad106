import { closeSync } from "node:fs";
import { checked } from "./error.ts";
import { bind } from "./native.ts";

const [afInet, sockDatagram, closeOnExec] = [2, 2, 0o2000000];
/** Requests of netdevice(7), and the flag IFF_UP. */
const [getFlags, setFlags, up] = [0x8913, 0x8914, 1];

/** Brings up the loopback of the network that this thread is in. Needs CAP_NET_ADMIN there. Throws `SysError`. */
export function loopbackUp(): void {
  const socket = checked(bind("int socket(int, int, int)")(afInet, sockDatagram | closeOnExec, 0), "socket");
  try {
    switchOn(socket);
  } finally {
    closeSync(socket);
  }
}

/** The same in the network that a socket belongs to. `struct ifreq`: a name of 16 bytes, the flags, and room for what other questions need. */
export function switchOn(socket: number): void {
  const request = Buffer.alloc(40);
  request.write("lo");
  const ioctl = bind("int ioctl(int, unsigned long, void *)");
  checked(ioctl(socket, getFlags, request), "ioctl");
  request.writeUInt16LE(request.readUInt16LE(16) | up, 16);
  checked(ioctl(socket, setFlags, request), "ioctl");
}
