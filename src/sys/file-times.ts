import { checked } from "./error.ts";
import { bind } from "./native.ts";

const billion = 1_000_000_000n;

/** Access and modification time of an open file, in nanoseconds since 1970 (Node's own loses the last digits). Throws `SysError`. */
export function futimens(file: number, atime: bigint, mtime: bigint): void {
  const times = new BigInt64Array(4);
  put(times, 0, atime);
  put(times, 2, mtime);
  checked(bind("int futimens(int, void *)")(file, times), "futimens");
}

function put(times: BigInt64Array, at: number, time: bigint): void {
  const nanoseconds = ((time % billion) + billion) % billion;
  times[at] = (time - nanoseconds) / billion;
  times[at + 1] = nanoseconds;
}
