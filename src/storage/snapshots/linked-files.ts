import { constants } from "node:fs";
import { kernelFiles, type TreeFiles } from "../../archive/index.ts";
import { chmodSync, copyFileSync, lchownSync, renameSync, temporaryBeside } from "../../kit/index.ts";
import { lgetxattr, llistxattr, lsetxattr, utimensat } from "../../sys/index.ts";

/** A tree whose files may be further names of another tree's: what is changed in place becomes a copy first. */
export const linkedFiles: TreeFiles = { ...kernelFiles, unshare };

/** All its names in this tree but this one stay what they were: a file with several is rarely written to. */
function unshare(path: string): void {
  const stat = kernelFiles.lstat(path);
  if (stat === undefined || !stat.isFile() || stat.nlink < 2n) return;
  const copy = temporaryBeside(path);
  copyFileSync(path, copy, constants.COPYFILE_FICLONE);
  lchownSync(copy, Number(stat.uid), Number(stat.gid));
  chmodSync(copy, Number(stat.mode) & 0o7777);
  for (const name of llistxattr(path)) {
    const value = lgetxattr(path, name);
    if (value !== undefined) lsetxattr(copy, name, value);
  }
  utimensat(copy, stat.atimeNs, stat.mtimeNs);
  renameSync(copy, path);
}
