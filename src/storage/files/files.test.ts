import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as raw from "../../kit/index.ts";
import { FileType, lgetxattr, lsetxattr, mknod, mount, umount, utimensat } from "../../sys/index.ts";
import { temporaryRoots } from "../testing/temporary-root.ts";
import { copyFileFast } from "./copy-file.ts";
import { copyTree } from "./copy-tree.ts";
import { removeTree } from "./remove-tree.ts";
import { treeSize } from "./tree-size.ts";

const newRoot = temporaryRoots();
function newFolder(): string {
  const folder = newRoot();
  mkdirSync(folder);
  return folder;
}

describe("copyFileFast()", () => {
  it.each([0, 5, 256 * 1024, 256 * 1024 + 1, 3_000_000])("copies %i bytes with owner, mode and time", async (size) => {
    const folder = newFolder();
    const bytes = Buffer.alloc(size, "abcdefg");
    writeFileSync(join(folder, "from"), bytes);
    await copyFileFast(join(folder, "from"), join(folder, "to"), size, {
      uid: 3,
      gid: 4,
      mode: 0o4751,
      mtime: 1_234_567_890n,
    });
    expect(readFileSync(join(folder, "to")).equals(bytes)).toBe(true);
    const stat = lstatSync(join(folder, "to"), { bigint: true });
    expect([stat.uid, stat.gid, stat.mode & 0o7777n, stat.mtimeNs]).toEqual([3n, 4n, 0o4751n, 1_234_567_890n]);
  });
  it("refuses a name that is taken, and a link as its source", () => {
    const folder = newFolder();
    const attributes = { uid: 0, gid: 0, mode: 0o644, mtime: 0n };
    writeFileSync(join(folder, "from"), "");
    symlinkSync("from", join(folder, "link"));
    expect(() => copyFileFast(join(folder, "from"), join(folder, "link"), 0, attributes)).toThrow(/EEXIST/);
    expect(() => copyFileFast(join(folder, "link"), join(folder, "to"), 0, attributes)).toThrow(/ELOOP/);
  });
});

describe("copyTree()", () => {
  it("keeps hard links, links, devices, owners, modes, times and attributes", async () => {
    const [from, to] = [newFolder(), newFolder()];
    mkdirSync(join(from, "d"));
    writeFileSync(join(from, "d/f"), "text");
    chownSync(join(from, "d/f"), 1, 2);
    chmodSync(join(from, "d/f"), 0o2755);
    lsetxattr(join(from, "d/f"), "user.x", Buffer.from("value"));
    linkSync(join(from, "d/f"), join(from, "hard"));
    symlinkSync("d/f", join(from, "link"));
    mknod(join(from, "null"), FileType.character | 0o666, 0x103n);
    utimensat(join(from, "link"), 5n, 5_000_000_007n);
    utimensat(join(from, "d"), 5n, 6_000_000_007n);
    chmodSync(join(from, "d"), 0o555);
    await copyTree(from, to);
    const stat = (name: string) => lstatSync(join(to, name), { bigint: true });
    expect(stat("hard").ino).toBe(stat("d/f").ino);
    expect([stat("d/f").uid, stat("d/f").gid, stat("d/f").mode & 0o7777n]).toEqual([1n, 2n, 0o2755n]);
    expect(lgetxattr(join(to, "d/f"), "user.x")?.toString()).toBe("value");
    expect(readlinkSync(join(to, "link"))).toBe("d/f");
    expect([stat("link").mtimeNs, stat("d").mtimeNs]).toEqual([5_000_000_007n, 6_000_000_007n]);
    expect([stat("null").rdev, stat("d").mode & 0o7777n]).toEqual([0x103n, 0o555n]);
  });
});

describe("a tree with names that are no UTF-8", () => {
  it("is copied, measured and removed", async () => {
    const [from, to] = [newFolder(), newFolder()];
    raw.mkdirSync(join(from, "d\udcff"));
    raw.writeFileSync(join(from, "d\udcff/f\udcfe"), Buffer.alloc(5000));
    raw.writeFileSync(join(from, "large\udcfe"), Buffer.alloc(300_000));
    raw.linkSync(join(from, "d\udcff/f\udcfe"), join(from, "hard\udcc3"));
    raw.symlinkSync("d\udcff", join(from, "\udc80"));
    lsetxattr(join(from, "d\udcff"), "user.\udcff", Buffer.from("1"));
    await copyTree(from, to);
    expect(raw.readdirSync(to).sort()).toEqual(["d\udcff", "hard\udcc3", "large\udcfe", "\udc80"].sort());
    expect(raw.readlinkSync(join(to, "\udc80"))).toBe("d\udcff");
    expect(raw.lstatSync(join(to, "hard\udcc3")).ino).toBe(raw.lstatSync(join(to, "d\udcff/f\udcfe")).ino);
    expect(lgetxattr(join(to, "d\udcff"), "user.\udcff")?.toString()).toBe("1");
    expect(await treeSize(to, new AbortController().signal)).toBeGreaterThan(305_000);
    expect(await removeTree(to)).toBe(true);
    expect(existsSync(to)).toBe(false);
  });
});

describe("removeTree()", () => {
  it("removes a tree, is content when there is none, and never enters another file system", async () => {
    const folder = newFolder();
    mkdirSync(join(folder, "a/b"), { recursive: true });
    writeFileSync(join(folder, "a/b/f"), "");
    expect(await removeTree(join(folder, "a"))).toBe(true);
    expect(await removeTree(join(folder, "a"))).toBe(true);
    mkdirSync(join(folder, "c/mounted"), { recursive: true });
    mount("tmpfs", join(folder, "c/mounted"), "tmpfs");
    try {
      writeFileSync(join(folder, "c/mounted/precious"), "");
      await expect(removeTree(join(folder, "c"))).rejects.toThrow(/ENOTEMPTY|EBUSY/);
      expect(readdirSync(join(folder, "c/mounted"))).toEqual(["precious"]);
    } finally {
      umount(join(folder, "c/mounted"));
    }
    expect(existsSync(join(folder, "c"))).toBe(true);
  });
});
