import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const applets =
  "cat chmod echo env false head hostname id ifconfig kill ln ls mkdir mount nproc pwd readlink rm seq sh sleep stat stty sync tail test touch true tty ulimit uname umount unshare wc which yes";

/** A small tree that can run steps: Debian's static busybox with its usual names, and a user database. */
export function makeBusyboxRootfs(folder: string = mkdtempSync(join(tmpdir(), "cooper-rootfs-"))): {
  readonly path: string;
  readonly remove: () => void;
} {
  for (const name of ["bin", "etc", "tmp", "home/ann"]) mkdirSync(join(folder, name), { recursive: true });
  copyFileSync("/bin/busybox", join(folder, "bin/busybox"));
  for (const applet of applets.split(" ")) symlinkSync("busybox", join(folder, "bin", applet));
  writeFileSync(join(folder, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1001:Ann:/home/ann:/bin/sh\n");
  writeFileSync(join(folder, "etc/group"), "root:x:0:\nann:x:1001:\naudio:x:29:ann\nvideo:x:44:ann,bob\n");
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
