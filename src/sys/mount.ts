import { checked, cstring } from "./error.ts";
import { bind } from "./native.ts";

/** Flags of mount(2), `<sys/mount.h>`. */
export const MountFlag = {
  readonly: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  remount: 32,
  noatime: 1024,
  bind: 4096,
  move: 8192,
  rec: 16384,
  unbindable: 1 << 17,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
  relatime: 1 << 21,
  strictatime: 1 << 24,
} as const;

/**
 * mount(2). `source` and `type` may be empty (bind, remount, propagation). The kernel takes at most 4,095 bytes of `data`;
 * `mountOverlay` gets around that. Throws `SysError`.
 */
export function mount(source: string, target: string, type: string, flags = 0, data = ""): void {
  const call = bind("int mount(const char *, const char *, const char *, unsigned long, const char *)");
  const result = call(
    cstring(source === "" ? "none" : source, "mount"),
    cstring(target, "mount"),
    type === "" ? null : cstring(type, "mount"),
    flags,
    data === "" ? null : cstring(data, "mount"),
  );
  checked(result, "mount", target);
}

/** umount2(2). `detach`: taken out of the tree at once, closed when its last user is gone. Never follows a link. Throws `SysError`. */
export function umount(target: string, options: { readonly detach?: boolean } = {}): void {
  const noFollow = 8;
  const flags = noFollow | (options.detach === true ? 2 : 0);
  checked(bind("int umount2(const char *, int)")(cstring(target, "umount2"), flags), "umount2", target);
}
