import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { kernelFiles } from "../../archive/index.ts";
import { inUserNamespace, utimensat } from "../../sys/index.ts";
import type { TreeMount } from "../contract.ts";
import { filesOf, type SnapshotDriver } from "./driver.ts";

const workOf = (folder: string): string => `${folder}/work`;

/** A folder of changes per snapshot, shown by the kernel's overlayfs. A lowest one has no changes to make: it is a whole tree. */
export const overlayDriver: SnapshotDriver = {
  name: "overlay",
  get rows() {
    // In a user namespace the kernel marks what is gone by other attributes: whoever mounts the layers the other way would see it again.
    return inUserNamespace() ? "userxattr" : "overlay";
  },

  async prepare(folder, parents) {
    mkdirSync(filesOf(folder), { mode: 0o755 });
    // In an overlay the topmost folder speaks for the root folder of the tree.
    const below = parents.at(-1);
    if (below === undefined) {
      chmodSync(filesOf(folder), 0o755);
      return;
    }
    copyFolderAttributes(filesOf(below), filesOf(folder));
    mkdirSync(workOf(folder), { mode: 0o700 });
  },

  active(folder, parents) {
    if (parents.length === 0) return { kind: "folder", path: filesOf(folder), readonly: false, files: kernelFiles };
    return { kind: "overlay", layers: parents.map(filesOf), upper: filesOf(folder), work: workOf(folder) };
  },

  view(chain) {
    const [only, ...more] = chain.map(filesOf);
    if (only !== undefined && more.length === 0)
      return { kind: "folder", path: only, readonly: true, files: kernelFiles };
    return { kind: "overlay", layers: chain.map(filesOf) } satisfies TreeMount;
  },

  settle(folder) {
    rmSync(workOf(folder), { recursive: true, force: true });
  },

  forget() {},
  isThere: (folder) => existsSync(filesOf(folder)),

  changes(folder, parents) {
    return { folder: filesOf(folder), form: parents === 0 ? "whole" : "overlay", files: kernelFiles };
  },
};

function copyFolderAttributes(from: string, to: string): void {
  const stat = lstatSync(from, { bigint: true });
  chownSync(to, Number(stat.uid), Number(stat.gid));
  chmodSync(to, Number(stat.mode) & 0o7777);
  utimensat(to, stat.mtimeNs, stat.mtimeNs);
}
