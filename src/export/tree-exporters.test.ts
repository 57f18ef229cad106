import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import { readTar } from "../archive/index.ts";
import { bytesOf } from "../kit/index.ts";
import type { RegistryClient } from "../registry/index.ts";
import type { OutputTarget } from "../session/index.ts";
import type { SnapshotId, Storage } from "../storage/index.ts";
import { mount, umount } from "../sys/index.ts";
import type { ExportSource } from "./contract.ts";
import { createExporter } from "./index.ts";
import { collectingScope, collectingTarget } from "./testing/collecting-scope.ts";
import { snapshot, withStorage } from "./testing/real-tree.ts";

const layerOf = (id: SnapshotId) => ({ kind: "snapshot" as const, id, createdBy: "", createdAt: new Date(0) });
const single = (id: SnapshotId): ExportSource => ({
  images: [{ tree: { layers: [layerOf(id)] } }],
  metadata: new Map(),
});

function several(trees: Record<string, SnapshotId>): ExportSource {
  const platformOf = (id: string) => ({ os: "linux", architecture: id.split("/")[1] ?? "" });
  const images = Object.entries(trees).map(([id, tree]) => ({
    platform: platformOf(id),
    tree: { layers: [layerOf(tree)] },
  }));
  const platforms = { Platforms: Object.keys(trees).map((id) => ({ ID: id, Platform: platformOf(id) })) };
  return { images, metadata: new Map([["refs.platforms", Buffer.from(JSON.stringify(platforms))]]) };
}

async function run(
  storage: Storage,
  type: string,
  attrs: Record<string, string>,
  source: ExportSource,
  target: OutputTarget,
) {
  const needs = {
    fetchLayer: async () => {},
    materialise: async (tree: { layers: readonly { kind: string; id?: SnapshotId }[] }) => tree.layers.at(-1)?.id,
  };
  const registry = {} as RegistryClient;
  const exporter = await createExporter(type, attrs, {
    storage,
    registry,
    needs,
    credentials: async () => ({ kind: "none" }),
  });
  const scope = collectingScope();
  return { response: await exporter.export(source, target, scope), tasks: scope.tasks };
}

function fill(folder: string): void {
  mkdirSync(`${folder}/closed`);
  writeFileSync(`${folder}/closed/file`, "content");
  chmodSync(`${folder}/closed/file`, 0o4755);
  linkSync(`${folder}/closed/file`, `${folder}/hard`);
  symlinkSync("closed/file", `${folder}/link`);
  utimesSync(`${folder}/closed/file`, 1600000000, 1600000000);
  utimesSync(`${folder}/closed`, 1500000000, 1500000000);
  chmodSync(`${folder}/closed`, 0o555);
  spawnSync("mkfifo", [`${folder}/pipe`]);
}

async function tarNames(bytes: Buffer): Promise<string[]> {
  const names: string[] = [];
  for await (const { header } of readTar(bytesOf(bytes))) {
    const link = header.type === "symlink" && header.linkName?.startsWith("/") ? ` -> ${header.linkName}` : "";
    names.push(`${header.type} ${header.name.replace(/\/$/, "")}${link} ${header.mtime / 1_000_000_000n}`);
  }
  return names;
}

describe("type=local", () => {
  test("copies files with their modes, times and links, as the caller's own", async () => {
    await withStorage(async (storage, folder) => {
      const id = await snapshot(storage, undefined, fill);
      const { response, tasks } = await run(storage, "local", {}, single(id), {
        kind: "directory",
        path: `${folder}/out`,
      });
      expect(response).toEqual({});
      expect(tasks).toEqual(["copying files"]);
      const stat = (path: string) => lstatSync(`${folder}/out/${path}`);
      expect(stat("closed/file").mode & 0o7777).toBe(0o4755);
      expect(stat("closed/file").mtimeMs).toBe(1600000000_000);
      expect(stat("closed/file").ino).toBe(stat("hard").ino);
      expect([stat("closed").mode & 0o7777, stat("closed").mtimeMs]).toEqual([0o555, 1500000000_000]);
      expect(readlinkSync(`${folder}/out/link`)).toBe("closed/file");
      expect(stat("pipe").isFIFO()).toBe(true);
      expect(stat("closed/file").uid).toBe(process.getuid?.());
    });
  });

  test("merges into a folder that is there, replaces files, and follows no link out of it", async () => {
    await withStorage(async (storage, folder) => {
      const id = await snapshot(storage, undefined, fill);
      mkdirSync(`${folder}/outside`);
      mkdirSync(`${folder}/out/link`, { recursive: true });
      writeFileSync(`${folder}/out/link/old`, "");
      writeFileSync(`${folder}/out/mine`, "mine");
      writeFileSync(`${folder}/out/hard`, "old");
      symlinkSync("../outside", `${folder}/out/closed`);
      await run(storage, "local", {}, single(id), { kind: "directory", path: `${folder}/out` });
      expect(readFileSync(`${folder}/out/mine`, "utf8")).toBe("mine");
      expect(readFileSync(`${folder}/out/hard`, "utf8")).toBe("content");
      expect(existsSync(`${folder}/outside/file`)).toBe(false);
      expect(lstatSync(`${folder}/out/closed`).isDirectory()).toBe(true);
      expect(lstatSync(`${folder}/out/link`).isSymbolicLink()).toBe(true);
    });
  });

  test("with mode=delete leaves nothing else there", async () => {
    await withStorage(async (storage, folder) => {
      const id = await snapshot(storage, undefined, (root) => writeFileSync(`${root}/a`, ""));
      mkdirSync(`${folder}/out/old`, { recursive: true });
      writeFileSync(`${folder}/out/old/file`, "");
      await run(storage, "local", { mode: "delete" }, single(id), { kind: "directory", path: `${folder}/out` });
      expect([existsSync(`${folder}/out/a`), existsSync(`${folder}/out/old`)]).toEqual([true, false]);
    });
  });

  test("puts several platforms into a folder each", async () => {
    await withStorage(async (storage, folder) => {
      const id = await snapshot(storage, undefined, (root) => {
        writeFileSync(`${root}/a.txt`, "");
        symlinkSync("/../etc//x/", `${root}/absolute`);
        symlinkSync("../etc", `${root}/relative`);
      });
      const source = several({ "linux/amd64": id, "linux/arm64": id });
      const target = { kind: "directory", path: `${folder}/out` } as const;
      const { tasks } = await run(storage, "local", {}, source, target);
      expect(tasks).toEqual(["copying files linux/amd64", "copying files linux/arm64"]);
      expect(existsSync(`${folder}/out/linux_arm64/a.txt`)).toBe(true);
      expect(lstatSync(`${folder}/out/linux_arm64`).mtimeMs).toBe(0);
      const links = ["absolute", "relative"].map((name) => readlinkSync(`${folder}/out/linux_arm64/${name}`));
      // What leads out of the folder of its platform is upstream's affair: it joins the two and cleans up.
      expect(links).toEqual(["/etc/x", "../etc"]);
      await expect(run(storage, "local", { "platform-split": "false" }, source, target)).rejects.toThrow(
        "cannot overwrite a.txt from linux/amd64 with linux/arm64 when split option is disabled",
      );
    });
  });

  test("sets all times to the epoch", async () => {
    await withStorage(async (storage, folder) => {
      const id = await snapshot(storage, undefined, fill);
      const target = { kind: "directory", path: `${folder}/out` } as const;
      await run(storage, "local", { "source-date-epoch": "1000" }, single(id), target);
      for (const path of ["closed", "closed/file", "link"])
        expect(lstatSync(`${folder}/out/${path}`).mtimeMs).toBe(1_000_000);
    });
  });

  test("says that the destination is no folder", async () => {
    await withStorage(async (storage, folder) => {
      const id = await snapshot(storage, undefined, fill);
      writeFileSync(`${folder}/file`, "");
      const path = `${folder}/file`;
      await expect(run(storage, "local", {}, single(id), { kind: "directory", path })).rejects.toThrow(
        `failed to create synctarget dest dir ${path}: mkdir ${path}: not a directory`,
      );
    });
  });

  test("says which file a full disk has no room for", async () => {
    await withStorage(async (storage, folder) => {
      const big = Buffer.alloc(100_000, "x");
      const id = await snapshot(storage, undefined, (tree) => writeFileSync(`${tree}/big`, big));
      const path = `${folder}/small`;
      mkdirSync(path);
      mount("tmpfs", path, "tmpfs", 0, "size=4k");
      try {
        await expect(run(storage, "local", {}, single(id), { kind: "directory", path })).rejects.toThrow(
          `write ${path}/big: no space left on device`,
        );
        expect(readdirSync(path)).toEqual([]);
      } finally {
        umount(path, { detach: true });
      }
    });
  });
});

describe("type=tar", () => {
  test("is the root file system", async () => {
    await withStorage(async (storage) => {
      const id = await snapshot(storage, undefined, fill);
      const { target, sent } = collectingTarget();
      const { response, tasks } = await run(storage, "tar", {}, single(id), target);
      expect([response, tasks]).toEqual([{}, ["sending tarball"]]);
      const names = (await tarNames(sent[0]?.bytes ?? Buffer.alloc(0))).map((line) => line.replace(/ \d+$/, ""));
      expect(names).toEqual(["directory closed", "file closed/file", "hardlink hard", "symlink link", "fifo pipe"]);
    });
  });

  test("has a folder for each of several platforms, and the epoch everywhere", async () => {
    await withStorage(async (storage) => {
      const id = await snapshot(storage, undefined, (root) => {
        writeFileSync(`${root}/a`, "");
        symlinkSync("/a", `${root}/link`);
      });
      const { target, sent } = collectingTarget();
      const source = several({ "linux/amd64": id, "linux/arm64": id });
      await run(storage, "tar", { "source-date-epoch": "1000" }, source, target);
      expect(await tarNames(sent[0]?.bytes ?? Buffer.alloc(0))).toEqual([
        "directory linux_amd64 1000",
        "file linux_amd64/a 1000",
        "symlink linux_amd64/link -> /linux_amd64/a 1000",
        "directory linux_arm64 1000",
        "file linux_arm64/a 1000",
        "symlink linux_arm64/link -> /linux_arm64/a 1000",
      ]);
    });
  });

  test("of nothing at all is an empty tar", async () => {
    await withStorage(async (storage) => {
      const { target, sent } = collectingTarget();
      await run(storage, "tar", {}, { images: [{ tree: { layers: [] } }], metadata: new Map() }, target);
      expect(sent[0]?.bytes.equals(Buffer.alloc(1024))).toBe(true);
    });
  });
});

describe("type=oci,tar=false", () => {
  test("writes a layout that skopeo reads, and adds to it", async () => {
    await withStorage(async (storage, folder) => {
      const [one, two] = [
        await snapshot(storage, undefined, (root) => writeFileSync(`${root}/a`, "1")),
        await snapshot(storage, undefined, (root) => writeFileSync(`${root}/a`, "2")),
      ];
      const target = { kind: "directory", path: `${folder}/out` } as const;
      await run(storage, "oci", { tar: "false" }, single(one), target);
      await run(storage, "oci", { tar: "false", name: "x/y:z" }, single(two), target);
      await run(storage, "oci", { tar: "false", name: "x/y:z" }, single(one), target);
      const index = JSON.parse(readFileSync(`${folder}/out/index.json`, "utf8"));
      const names = index.manifests.map(
        (one: { annotations: Record<string, string> }) => one.annotations["org.opencontainers.image.ref.name"],
      );
      expect(names).toEqual(["latest", "z"]);
      const seen = spawnSync("skopeo", ["inspect", `oci:${folder}/out:latest`], { encoding: "utf8" });
      expect(seen.stderr).toBe("");
      expect(JSON.parse(seen.stdout).Os).toBe("linux");
    });
  });
});
