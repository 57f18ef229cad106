import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TreeFiles } from "../../archive/index.ts";
import { quietScope } from "../../kit/index.ts";
import type { Session } from "../../session/index.ts";
import { openStorage, type SnapshotId, type Snapshotter, type Storage } from "../../storage/index.ts";
import type { OpScope, Ref } from "../contract.ts";

/** A real storage root in a temporary folder, for tests of ops; trees go in and come out as plain values. */
export interface Workbench extends AsyncDisposable {
  readonly folder: string;
  readonly storage: Storage;
  /** What steps printed so far. */
  log(): string;
  scope(callers?: readonly Session[], signal?: AbortSignal): OpScope;
  /** A snapshot with these files (by path; a path that ends in a slash is a directory), owned by root. */
  tree(files: Readonly<Record<string, string>>, change?: (folder: string) => void): Promise<Ref>;
  /** A folder outside the store, as a caller has it. */
  context(
    files: Readonly<Record<string, string>>,
    filter?: Partial<Ref & { kind: "folder" }>,
  ): Ref & { kind: "folder" };
  /** `mode owner size-or-content` by path of all that is in a tree. */
  show(ref: Ref | undefined): Promise<Record<string, string>>;
  /** Runs `look` with the path where the tree can be seen. */
  look<T>(ref: Ref | undefined, look: (path: string, files: TreeFiles) => T | Promise<T>): Promise<T>;
}

export async function openWorkbench(snapshotter: Snapshotter = "auto"): Promise<Workbench> {
  const folder = mkdtempSync(join(tmpdir(), "cooper-ops-"));
  const storage = await openStorage({ root: join(folder, "root"), snapshotter }, quietScope);
  let printed = "";
  let contexts = 0;
  const look: Workbench["look"] = async (ref, see) => {
    if (ref?.kind !== "snapshot") throw new Error(`no snapshot but ${ref?.kind}`);
    await using mounted = await storage.mount(storage.snapshots.view(ref.id));
    return await see(mounted.path, mounted.files);
  };
  return {
    folder,
    storage,
    look,
    log: () => printed,
    scope: (callers = [], signal = quietScope.signal) => ({
      signal,
      log: () => {},
      callers,
      emit: (event) => {
        if (event.type === "log") printed += Buffer.from(event.data).toString();
      },
    }),
    async tree(files, change) {
      await using active = await storage.snapshots.prepare(undefined);
      writeFiles(active.changes.folder, files);
      change?.(active.changes.folder);
      return { kind: "snapshot", id: (await active.commit()).id as SnapshotId };
    },
    context(files, filter = {}) {
      const path = join(folder, `context-${contexts++}`);
      mkdirSync(path);
      writeFiles(path, files);
      return { kind: "folder", path, include: [], exclude: [], follow: [], ...filter };
    },
    show: (ref) => look(ref, (path, files) => describeTree(path, files)),
    async [Symbol.asyncDispose]() {
      await storage[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    const full = join(folder, path);
    mkdirSync(path.endsWith("/") ? full : dirname(full), { recursive: true });
    if (!path.endsWith("/")) writeFileSync(full, content);
  }
}

function describeTree(root: string, files: TreeFiles, folder = ""): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const name of readdirSync(`${root}/${folder}`).sort()) {
    const path = folder === "" ? name : `${folder}/${name}`;
    const full = `${root}/${path}`;
    const stat = files.lstat(full);
    if (stat === undefined) continue;
    const head = `${(Number(stat.mode) & 0o7777).toString(8)} ${stat.uid}:${stat.gid}`;
    if (stat.isSymbolicLink()) shown[path] = `-> ${readlinkSync(full)}`;
    else if (stat.isDirectory()) Object.assign(shown, { [`${path}/`]: head }, describeTree(root, files, path));
    else shown[path] = `${head} ${stat.isFile() ? readFileSync(full, "utf8").slice(0, 100) : "special"}`;
  }
  return shown;
}
