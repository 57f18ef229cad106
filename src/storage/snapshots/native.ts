import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { kernelFiles } from "../../archive/index.ts";
import { copyTree } from "../files/copy-tree.ts";
import { filesOf, type SnapshotDriver } from "./driver.ts";
import { linkedFiles } from "./linked-files.ts";

/**
 * A whole copy of the tree per snapshot: slow and large, but it needs no right at all. Blocks are shared where the file system can. Where only
 * Cooper writes, unchanged files are further names of the parent's.
 */
export const nativeDriver: SnapshotDriver = {
  name: "native",
  rows: "native",

  async prepare(folder, parents, shared) {
    mkdirSync(filesOf(folder), { mode: 0o755 });
    const below = parents.at(-1);
    if (below !== undefined) await copyTree(filesOf(below), filesOf(folder), { shareFiles: shared });
    else chmodSync(filesOf(folder), 0o755);
  },

  active(folder) {
    return { kind: "folder", path: filesOf(folder), readonly: false, files: linkedFiles };
  },

  view(chain) {
    return { kind: "folder", path: filesOf(chain.at(-1) ?? ""), readonly: true, files: kernelFiles };
  },

  settle() {},
  forget() {},
  isThere: (folder) => existsSync(filesOf(folder)),

  changes(folder) {
    return { folder: filesOf(folder), form: "whole", files: linkedFiles };
  },
};
