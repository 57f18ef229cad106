import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as sys from "./index.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-sys-"));
});
afterAll(() => {
  for (const { target } of sys.listMounts().reverse()) if (target.startsWith(`${folder}/`)) sys.umount(target);
  rmSync(folder, { recursive: true });
});
const at = (name: string) => join(folder, name);

describe("failed calls", () => {
  it("throw an error with code, syscall and path", () => {
    expect(() => sys.lsetxattr(at("nothing"), "user.a", Buffer.from("1"))).toThrow(
      expect.objectContaining({ code: "ENOENT", syscall: "lsetxattr", path: at("nothing"), errno: -2 }),
    );
  });
  it("refuse a path with a NUL inside instead of cutting it", () => {
    writeFileSync(at("cut"), "");
    expect(() => sys.lgetxattr(`${at("cut")}\0more`, "user.a")).toThrow(/EINVAL/);
  });
});

describe("inodes", () => {
  it("mknod() makes a fifo and a device with its numbers", () => {
    sys.mknod(at("fifo"), sys.FileType.fifo | 0o600);
    expect(lstatSync(at("fifo")).isFIFO()).toBe(true);
    sys.mknod(at("device"), sys.FileType.character | 0o600, sys.makeDevice(259, 700_000));
    expect(sys.splitDevice(lstatSync(at("device"), { bigint: true }).rdev)).toEqual({ major: 259, minor: 700_000 });
  });
  it("utimensat() sets nanoseconds on a link itself, before 1970 too, and can leave one time alone", () => {
    symlinkSync("nowhere", at("link"));
    sys.utimensat(at("link"), 1_000_000_001n, -1n);
    sys.utimensat(at("link"), 2_000_000_002n, sys.UTIME_OMIT);
    const { atimeNs, mtimeNs } = lstatSync(at("link"), { bigint: true });
    expect([atimeNs, mtimeNs]).toEqual([2_000_000_002n, -1n]);
  });
});

describe("extended attributes", () => {
  it("are set, listed, read whatever their size, and removed", () => {
    writeFileSync(at("file"), "");
    const large = Buffer.alloc(3000, 7);
    sys.lsetxattr(at("file"), "trusted.large", large);
    sys.lsetxattr(at("file"), "user.small", Buffer.from([0, 1, 0]));
    expect(sys.llistxattr(at("file")).sort()).toEqual(["trusted.large", "user.small"]);
    expect(sys.lgetxattr(at("file"), "trusted.large")).toEqual(large);
    expect(sys.lgetxattr(at("file"), "user.small")).toEqual(Buffer.from([0, 1, 0]));
    expect(sys.lgetxattr(at("file"), "user.none")).toBeUndefined();
    expect(sys.lremovexattr(at("file"), "user.small")).toBe(true);
    expect(sys.lremovexattr(at("file"), "user.small")).toBe(false);
  });
});

describe("a path that is no UTF-8", () => {
  it("is passed on as the bytes that it stands for, and so are names of attributes", () => {
    const name = "raw\udcff";
    sys.mknod(at(name), sys.FileType.regular | 0o600);
    expect(readdirSync(folder, "latin1")).toContain("raw\xff");
    sys.lsetxattr(at(name), "user.\udcfe", Buffer.from("1"));
    expect(sys.llistxattr(at(name))).toEqual(["user.\udcfe"]);
    expect(sys.lgetxattr(at(name), "user.\udcfe")?.toString()).toBe("1");
    expect(sys.lgetxattr(at(name), "user.\ufffd")).toBeUndefined();
    sys.utimensat(at(name), 1n, 2n);
    expect(() => sys.lgetxattr(at(`${name}\0x`), "user.a")).toThrow(/EINVAL/);
  });
});

describe("openat2()", () => {
  it("keeps links and dots inside the root", () => {
    mkdirSync(at("root/etc"), { recursive: true });
    writeFileSync(at("root/etc/passwd"), "inside");
    symlinkSync("../../../../etc/passwd", at("root/escape"));
    const root = openSync(at("root"), constants.O_DIRECTORY);
    const file = sys.openat2(root, "escape", { flags: constants.O_RDONLY, resolve: sys.Resolve.inRoot });
    expect(readFileSync(file, "utf8")).toBe("inside");
    closeSync(file);
    expect(() => sys.openat2(root, "escape", { flags: 0, resolve: sys.Resolve.beneath })).toThrow(/EXDEV/);
    closeSync(root);
  });
});

describe("tryFlock()", () => {
  it("lets one holder in, and the next after it closed", () => {
    const [one, two] = [openSync(at("lock"), "a"), openSync(at("lock"), "a")];
    expect([sys.tryFlock(one), sys.tryFlock(two)]).toEqual([true, false]);
    closeSync(one);
    expect(sys.tryFlock(two)).toBe(true);
    closeSync(two);
  });
});

describe("mountOverlay()", () => {
  const overlayOf = (name: string, count: number) => {
    for (let i = 0; i < count; i++) {
      mkdirSync(at(`${name}/${i}/fs`), { recursive: true });
      writeFileSync(at(`${name}/${i}/fs/file${i}`), `${i}`);
      writeFileSync(at(`${name}/${i}/fs/top`), `${i}`);
    }
    for (const part of ["upper", "work", "merged"]) mkdirSync(at(`${name}/${part}`));
    const lower = Array.from({ length: count }, (_, i) => at(`${name}/${i}/fs`));
    return { lower, upper: at(`${name}/upper`), work: at(`${name}/work`), options: ["index=off"] };
  };
  it.each([
    ["few", 3],
    ["many", 300],
    ["strange : , \\ names", 2],
  ])("shows %s lower folders, the last on top, and writes to the upper", (name, count) => {
    const merged = at(`${name}/merged`);
    sys.mountOverlay(overlayOf(name, count), merged);
    expect(readdirSync(merged).length).toBe(count + 1);
    expect(readFileSync(join(merged, "top"), "utf8")).toBe(`${count - 1}`);
    writeFileSync(join(merged, "new"), "");
    expect(sys.listMounts().some((mount) => mount.target === merged && mount.type === "overlay")).toBe(true);
    expect(sys.fileSystemType(merged)).toBe("overlay");
    sys.umount(merged, { detach: true });
    expect(readdirSync(at(`${name}/upper`))).toEqual(["new"]);
  });
});

describe("processStartTime()", () => {
  it("is constant for this process and undefined for one that is gone", () => {
    expect(sys.processStartTime(process.pid)).toBe(sys.processStartTime(process.pid));
    expect(sys.processStartTime(4_194_305)).toBeUndefined();
    expect(sys.bootId()).toMatch(/^[0-9a-f-]{36}$/);
  });
});
