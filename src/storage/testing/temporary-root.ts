import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { listMounts, umount } from "../../sys/index.ts";

/** Gives fresh folders for roots; after the file's tests they are removed, and a mount that is left below one fails the run. */
export function temporaryRoots(): () => string {
  const folders: string[] = [];
  afterAll(() => {
    const left = listMounts().filter(({ target }) => folders.some((folder) => target.startsWith(`${folder}/`)));
    for (const { target } of left.reverse()) umount(target, { detach: true });
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`mounts were left: ${left.map(({ target }) => target).join(", ")}`);
  });
  return () => {
    const folder = mkdtempSync(join(tmpdir(), "cooper-storage-"));
    folders.push(folder);
    return join(folder, "root");
  };
}
