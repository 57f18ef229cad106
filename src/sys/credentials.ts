import { checked, cstring } from "./error.ts";
import { bind } from "./native.ts";

/** chroot(2) of this process; its working directory stays outside until it is changed. Throws `SysError`. */
export function chroot(path: string): void {
  checked(bind("int chroot(const char *)")(cstring(path, "chroot")), "chroot", path);
}

/** setgroups(2), setgid(2) and setuid(2), in the order in which the right to do the next is still there. Throws `SysError`. */
export function becomeUser(uid: number, gid: number, groups: readonly number[]): void {
  const list = Uint32Array.from(groups);
  checked(bind("int setgroups(size_t, const void *)")(groups.length, new Uint8Array(list.buffer)), "setgroups");
  checked(bind("int setgid(unsigned int)")(gid), "setgid");
  checked(bind("int setuid(unsigned int)")(uid), "setuid");
}

/** Takes a capability (by number) out of the bounding set of this thread, for good. Throws `SysError`. */
export function dropBoundingCapability(number: number): void {
  const PR_CAPBSET_DROP = 24;
  const call = bind("int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)");
  checked(call(PR_CAPBSET_DROP, number, 0, 0, 0), "prctl");
}

/** setrlimit(2) by the resource's number. Throws `SysError`. */
export function setResourceLimit(resource: number, soft: bigint, hard: bigint): void {
  const limit = new BigUint64Array([soft, hard]);
  checked(bind("int setrlimit(int, const void *)")(resource, new Uint8Array(limit.buffer)), "setrlimit");
}

/** sched_setaffinity(2) of this thread, and of what it becomes or starts. Throws `SysError`. */
export function setCpus(cpus: readonly number[]): void {
  const mask = new Uint8Array(128);
  for (const cpu of cpus) mask[cpu >> 3] = (mask[cpu >> 3] ?? 0) | (1 << (cpu & 7));
  checked(bind("int sched_setaffinity(int, size_t, const void *)")(0, mask.length, mask), "sched_setaffinity");
}

/** Numbers of the processors that this thread may use. Throws `SysError`. */
export function usableCpus(): number[] {
  const mask = new Uint8Array(128);
  checked(bind("int sched_getaffinity(int, size_t, void *)")(0, mask.length, mask), "sched_getaffinity");
  return Array.from({ length: mask.length * 8 }, (_, cpu) => cpu).filter(
    (cpu) => ((mask[cpu >> 3] ?? 0) >> (cpu & 7)) & 1,
  );
}
