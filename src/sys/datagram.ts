import { closeSync } from "node:fs";
import { checked } from "./error.ts";
import { bind } from "./native.ts";

/**
 * Sends one datagram to a unix socket; a path that begins with `@` is in the abstract name space. Node has streams only.
 * Throws `SysError`.
 */
export function sendDatagram(path: string, bytes: Uint8Array): void {
  const [afUnix, sockDgram, closeOnExec] = [1, 2, 0o2000000];
  const name = Buffer.from(path.startsWith("@") ? `\0${path.slice(1)}` : path);
  const address = Buffer.alloc(2 + name.byteLength + (path.startsWith("@") ? 0 : 1));
  address.writeUInt16LE(afUnix);
  name.copy(address, 2);
  const socket = checked(bind("int socket(int, int, int)")(afUnix, sockDgram | closeOnExec, 0), "socket");
  try {
    const send = bind("int64_t sendto(int, void *, size_t, int, void *, uint32_t)");
    checked(Number(send(socket, bytes, bytes.byteLength, 0, address, address.byteLength)), "sendto");
  } finally {
    closeSync(socket);
  }
}
