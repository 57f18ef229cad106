import { join } from "node:path";
import { chmodSync, copyFileSync, lchownSync, lstatSync, mkdirSync } from "../../kit/index.ts";
import { copyTree, type Mounted, type Storage } from "../../storage/index.ts";
import { utimensat } from "../../sys/index.ts";
import type { OpScope } from "../contract.ts";

/** A copy of a file or folder, which is there until disposal, on the root's file system. Its bytes are shared where the file system can. */
export interface OwnCopy extends AsyncDisposable {
  readonly path: string;
}

/** For a mount that is to be moved into a step's tree: what others look at cannot be given away, nor be left to a step that might write to it. */
export async function ownCopy(source: string, storage: Storage, scope: OpScope): Promise<OwnCopy> {
  const folder: Mounted = await storage.temporaryFolder("bind");
  const path = join(folder.path, "copy");
  const stat = lstatSync(source, { bigint: true });
  try {
    if (stat.isDirectory()) {
      mkdirSync(path);
      await copyTree(source, path, { signal: scope.signal });
    } else {
      copyFileSync(source, path);
      lchownSync(path, Number(stat.uid), Number(stat.gid));
      chmodSync(path, Number(stat.mode) & 0o7777);
      utimensat(path, stat.mtimeNs, stat.mtimeNs);
    }
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
  return { path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}
