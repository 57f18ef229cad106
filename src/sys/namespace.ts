import { checked } from "./error.ts";
import { bind } from "./native.ts";

/** Flags of unshare(2), setns(2) and clone(2), `<sched.h>`. */
export const CloneFlag = {
  fs: 0x200,
  mount: 0x20000,
  cgroup: 0x2000000,
  uts: 0x4000000,
  ipc: 0x8000000,
  user: 0x10000000,
  pid: 0x20000000,
  network: 0x40000000,
} as const;

/**
 * unshare(2). Mount and cwd changes concern the calling thread, the threads it starts later and its children; libuv's pool, which
 * does asynchronous file calls, may be older and stay behind. Throws `SysError`.
 */
export function unshare(flags: number): void {
  checked(bind("int unshare(int)")(flags), "unshare");
}

/** setns(2) of the calling thread to the namespace that the descriptor refers to. Throws `SysError`. */
export function setns(file: number, flags = 0): void {
  checked(bind("int setns(int, int)")(file, flags), "setns");
}
