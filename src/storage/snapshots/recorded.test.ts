import { chmodSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { quietScope } from "../../kit/index.ts";
import { makeDevice } from "../../sys/index.ts";
import type { SnapshotId, Storage } from "../contract.ts";
import { openStorage } from "../open.ts";
import { temporaryRoots } from "../testing/temporary-root.ts";
import type { RecordedFiles } from "./recorded-files.ts";
import { parseRecords, recordsText } from "./records-text.ts";

const newRoot = temporaryRoots();
const open = (root = newRoot(), snapshotter: "recorded" | "native" = "recorded") =>
  openStorage({ root, snapshotter }, quietScope);

async function write(
  storage: Storage,
  parent: SnapshotId | undefined,
  work: (path: string, files: RecordedFiles) => void,
  shared = false,
) {
  await using active = await storage.snapshots.prepare(parent, { shared });
  work(active.changes.folder, active.changes.files as RecordedFiles);
  return (await active.commit()).id;
}

test("owners, modes, devices and attributes are as they were set, for the next tree and the next process", async () => {
  const root = newRoot();
  let id: SnapshotId;
  {
    await using storage = await open(root);
    id = await write(storage, undefined, (path, files) => {
      writeFileSync(`${path}/file`, "text");
      files.chown(`${path}/file`, 12, 34);
      files.chmod(`${path}/file`, 0o4000);
      files.setAttribute(`${path}/file`, "security.capability", Buffer.from("cap"));
      files.mkdir(`${path}/closed`, 0);
      files.chmod(`${path}/closed`, 0);
      files.mknod(`${path}/null`, 0o020666, makeDevice(1, 3));
      symlinkSync("file", `${path}/link`);
      files.chown(`${path}/link`, 5, 6);
    });
    id = await write(storage, id, () => {});
  }
  await using storage = await open(root);
  const { folder, files } = storage.snapshots.changes(id);
  const told = (name: string) => {
    const stat = files.lstat(`${folder}/${name}`);
    return [stat?.mode.toString(8), Number(stat?.uid), Number(stat?.gid)];
  };
  expect(told("file")).toEqual(["104000", 12, 34]);
  expect(told("closed")).toEqual(["40000", 0, 0]);
  expect(told("null")).toEqual(["20666", 0, 0]);
  expect(files.lstat(`${folder}/null`)?.rdev).toBe(makeDevice(1, 3));
  expect(files.lstat(`${folder}/null`)?.isCharacterDevice()).toBe(true);
  expect(told("link")).toEqual(["120777", 5, 6]);
  expect(files.attribute(`${folder}/file`, "security.capability")?.toString()).toBe("cap");
  // On disk everything stays readable.
  expect(statSync(`${folder}/closed`).mode & 0o777).toBe(0o700);
  expect(statSync(`${folder}/file`).mode & 0o7777).toBe(0o600);
});

test("both names of a file have one owner", async () => {
  await using storage = await open();
  await write(storage, undefined, (path, files) => {
    writeFileSync(`${path}/one`, "");
    files.link(`${path}/one`, `${path}/two`);
    files.chown(`${path}/two`, 1, 2);
    expect(files.lstat(`${path}/one`)?.uid).toBe(1n);
  });
});

test("a new file of an old name has nothing of the old one's record", async () => {
  await using storage = await open();
  await write(storage, undefined, (path, files) => {
    files.mkdir(`${path}/a`, 0o755);
    files.chown(`${path}/a`, 1, 2);
    rmSync(`${path}/a`, { recursive: true });
    files.mkdir(`${path}/a`, 0o755);
    expect(files.lstat(`${path}/a`)?.uid).toBe(0n);
  });
});

test("a shared tree takes over the parent's files, and unshare() keeps the parent as it was", async () => {
  await using storage = await open();
  const parent = await write(storage, undefined, (path) => writeFileSync(`${path}/file`, "old"));
  const child = await write(
    storage,
    parent,
    (path, files) => {
      expect(statSync(`${path}/file`).nlink).toBe(2);
      files.unshare(`${path}/file`);
      writeFileSync(`${path}/file`, "new");
    },
    true,
  );
  const textOf = (id: SnapshotId) => readFileSync(`${storage.snapshots.changes(id).folder}/file`, "utf8");
  expect([textOf(parent), textOf(child)]).toEqual(["old", "new"]);
});

test("a tree for a step shares no file with its parent", async () => {
  await using storage = await open();
  const parent = await write(storage, undefined, (path) => writeFileSync(`${path}/file`, "old"));
  await write(storage, parent, (path) => expect(statSync(`${path}/file`).nlink).toBe(1));
});

test("what a step does to recorded files counts: another file, another mode", async () => {
  await using storage = await open();
  const parent = await write(storage, undefined, (path, files) => {
    for (const name of ["same", "replaced", "changed", "gone"]) {
      writeFileSync(`${path}/${name}`, "");
      files.chown(`${path}/${name}`, 1, 2);
      files.chmod(`${path}/${name}`, 0o400);
    }
  });
  const child = await write(storage, parent, (path) => {
    writeFileSync(`${path}/new`, "");
    renameSync(`${path}/new`, `${path}/replaced`);
    chmodSync(`${path}/replaced`, 0o644);
    chmodSync(`${path}/changed`, 0o755);
    rmSync(`${path}/gone`);
  });
  const { folder, files } = storage.snapshots.changes(child);
  const told = (name: string) => {
    const stat = files.lstat(`${folder}/${name}`);
    return stat && [Number(stat.mode & 0o7777n).toString(8), Number(stat.uid), Number(stat.gid)];
  };
  expect(["same", "replaced", "changed", "gone"].map(told)).toEqual([
    ["400", 1, 2],
    ["644", 0, 0],
    ["755", 1, 2],
    undefined,
  ]);
});

test("a process that sets real owners does not see recorded trees, and makes its own beside them", async () => {
  const root = newRoot();
  let recorded: SnapshotId;
  {
    await using storage = await open(root);
    recorded = await write(storage, undefined, () => {});
  }
  {
    await using storage = await open(root, "native");
    expect(storage.snapshots.get(recorded)).toBeUndefined();
    await using active = await storage.snapshots.prepare(undefined);
    expect((await active.commit({ name: "x" })).name).toBe("x");
  }
  await using storage = await open(root);
  expect(storage.snapshots.get(recorded)?.id).toBe(recorded);
  expect(storage.snapshots.byName("x")).toBeUndefined();
});

test("a tree whose records were deleted by hand is forgotten, one with half of them is an error that says what to do", async () => {
  const root = newRoot();
  await using storage = await open(root);
  const [gone, half] = [await write(storage, undefined, () => {}), await write(storage, undefined, () => {})];
  rmSync(join(root, "snapshots", gone, "files.json"));
  writeFileSync(join(root, "snapshots", half, "files.json"), "");
  await using later = await open(root);
  expect(later.snapshots.get(gone)).toBeUndefined();
  expect(() => later.snapshots.view(half)).toThrow(expect.objectContaining({ code: "storage/corrupt" }));
});

test("records come back from their text as they were", () => {
  const records = new Map([
    ["plain", { uid: 1, gid: 2, mode: 0o4755 }],
    ['odd "name"\n', { uid: 0, gid: 0, mode: 0o060644, device: 0x801n }],
    ["with", { uid: 0, gid: 0, mode: 0, attributes: new Map([["user.a", Buffer.from([0, 255])]]) }],
  ]);
  expect(parseRecords(recordsText(records))).toEqual(records);
  expect(() => parseRecords(recordsText(records).slice(0, -1))).toThrow(/only the beginning/);
});
