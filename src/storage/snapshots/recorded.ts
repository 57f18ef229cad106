import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { CooperError } from "../../kit/index.ts";
import { copyTree } from "../files/copy-tree.ts";
import { filesOf, type SnapshotDriver } from "./driver.ts";
import { RecordedFiles } from "./recorded-files.ts";
import { parseRecords, recordsText } from "./records-text.ts";

/** Trees whose records stay in memory for the next question. */
const kept = 16;

/** Beside the files of a committed snapshot. */
const recordsOf = (folder: string): string => `${folder}/files.json`;

/**
 * Native snapshots of a process that may not change owners: a whole tree each, in which owners, special modes, devices and attributes are
 * recorded beside the files. Where only Cooper writes, unchanged files are further names of the parent's.
 */
export function recordedDriver(): SnapshotDriver {
  const active = new Map<string, RecordedFiles>();
  const known = new Map<string, RecordedFiles>();
  const recordedIn = (folder: string): RecordedFiles => {
    const found = active.get(folder) ?? known.get(folder);
    if (found !== undefined) return found;
    const files = new RecordedFiles(filesOf(folder), readRecords(folder));
    remember(folder, files);
    return files;
  };
  const remember = (folder: string, files: RecordedFiles) => {
    known.set(folder, files);
    for (const oldest of known.keys()) {
      if (known.size <= kept) return;
      known.delete(oldest);
    }
  };
  return {
    name: "native",
    rows: "recorded",

    async prepare(folder, parents, shared) {
      const below = parents.at(-1);
      mkdirSync(filesOf(folder), { mode: 0o755 });
      const target = new RecordedFiles(filesOf(folder));
      active.set(folder, target);
      if (below === undefined) target.chmod(filesOf(folder), 0o755);
      else await copyTree(filesOf(below), filesOf(folder), { source: recordedIn(below), target, shareFiles: shared });
      if (!shared) target.openToOthers();
    },

    active: (folder) => ({ kind: "folder", path: filesOf(folder), readonly: false, files: recordedIn(folder) }),

    view(chain) {
      const folder = chain.at(-1) ?? "";
      return { kind: "folder", path: filesOf(folder), readonly: true, files: recordedIn(folder) };
    },

    settle(folder) {
      const files = recordedIn(folder);
      files.reconcile();
      writeFileSync(recordsOf(folder), recordsText(files.records()));
      active.delete(folder);
      remember(folder, files);
    },

    forget(folder) {
      active.delete(folder);
      known.delete(folder);
    },

    isThere: (folder) => existsSync(filesOf(folder)) && existsSync(recordsOf(folder)),

    changes: (folder) => ({ folder: filesOf(folder), form: "whole", files: recordedIn(folder) }),
  };
}

function readRecords(folder: string) {
  try {
    return parseRecords(readFileSync(recordsOf(folder), "utf8"));
  } catch (cause) {
    throw new CooperError("storage/corrupt", `cannot read the owners of the files in ${JSON.stringify(folder)}`, {
      cause,
      hint: "the root is only a cache: delete it, or choose another with --root",
    });
  }
}
