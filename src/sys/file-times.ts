import { checked } from "./error.ts";
import { bind } from "./native.ts";

const billion = 1_000_000_000n;
/** One for all calls, which are synchronous: making one costs as much as the call. */
const times = new BigInt64Array(4);

/** Access and modification time of an open file, in nanoseconds since 1970 (Node's own loses the last digits). Throws `SysError`. */
export function futimens(file: number, atime: bigint, mtime: bigint): void {
  put(0, atime);
  put(2, mtime);
  checked(bind("int futimens(int, void *)")(file, times), "futimens");
}

function put(at: number, time: bigint): void {
  const nanoseconds = ((time % billion) + billion) % billion;
  times[at] = (time - nanoseconds) / billion;
  times[at + 1] = nanoseconds;
}
