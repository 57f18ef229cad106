import { checked } from "./error.ts";
import { bind } from "./native.ts";

/** pipe2(2), closed on exec. Node's own pipes to children are sockets, which cannot be opened through /dev/stdout. Throws `SysError`. */
export function pipe(): { readonly read: number; readonly write: number } {
  const closeOnExec = 0o2000000;
  const ends = new BigInt64Array(1);
  checked(bind("int pipe2(void *, int)")(ends, closeOnExec), "pipe2");
  const [read = -1, write = -1] = new Int32Array(ends.buffer);
  return { read, write };
}
