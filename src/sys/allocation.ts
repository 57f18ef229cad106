import { closeSync, constants, openSync } from "node:fs";
import { bind } from "./native.ts";

const FS_IOC_GETFLAGS = 0x80086601;
const FS_IOC_SETFLAGS = 0x40086602;
const FS_TOPDIR_FL = 0x20000;

/**
 * Tells the file system that the folders made in `folder` have nothing to do with each other (`chattr +T`). ext4 then starts
 * each in another region of the disk. Without that, a tree made soon after one of its neighbours was deleted is placed
 * where the deleted one was, and ext4 steps over every inode freed in the last minutes, one by one, for each new file:
 * 20,000 files took 9 s instead of 0.5 s. A hint only: true when it was taken, never throws for a file system without it.
 */
export function spreadSubfolders(folder: string): boolean {
  const file = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const flags = new BigInt64Array(1);
    const ioctl = bind("int ioctl(int, unsigned long, void *)");
    if (ioctl(file, FS_IOC_GETFLAGS, flags) < 0) return false;
    flags[0] = (flags[0] ?? 0n) | BigInt(FS_TOPDIR_FL);
    return ioctl(file, FS_IOC_SETFLAGS, flags) === 0;
  } finally {
    closeSync(file);
  }
}
