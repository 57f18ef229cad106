import { closeSync, openSync } from "node:fs";
import { sleep } from "../../kit/index.ts";
import { tryFlock } from "../../sys/index.ts";

/** How often the lock is asked for, in milliseconds. */
const pause = 20;

/**
 * Does `work` while no other builder in this network namespace does, whatever its root. The lock is flock(2) on the namespace itself, or
 * on the file that BUILDKIT_CNI_INIT_LOCK_PATH names, as upstream's.
 */
export async function aloneInNetwork<T>(work: () => Promise<T>): Promise<T> {
  const named = process.env.BUILDKIT_CNI_INIT_LOCK_PATH;
  const file = named ? openSync(named, "a", 0o600) : openSync("/proc/self/ns/net", "r");
  try {
    while (!tryFlock(file)) await sleep(pause);
    return await work();
  } finally {
    closeSync(file);
  }
}
