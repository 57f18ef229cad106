/**
 * `npm run image`: builds Cooper's image with Cooper, offline once Debian's packages are here. Arguments go to the build
 * (`--output type=image,name=…,push=true`); without an output it writes cooper-image.tar, to be loaded with docker or podman.
 *
 * What takes long is made once and kept in node_modules/.cache/cooper-image, by the digest of what it is made of: the root folder of
 * Debian's packages (image/rootfs.sh) and the Node of package.json without its symbols.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { lsetxattr, tryFlock } from "../src/sys/index.ts";

const root = resolve(import.meta.dirname, "..");
const cache = join(root, "node_modules/.cache/cooper-image");

/** The folder `name` of the cache for that key: there whole, or made now, by one process for all. */
function kept(name: string, key: readonly string[], make: (folder: string) => void): string {
  const digest = createHash("sha256").update(JSON.stringify(key)).digest("hex").slice(0, 16);
  const folder = join(cache, `${name}-${digest}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const lock = openSync(join(cache, `${name}.lock`), "a");
  try {
    while (!tryFlock(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    if (existsSync(folder)) return folder;
    const fresh = `${folder}.new`;
    rmSync(fresh, { recursive: true, force: true });
    make(fresh);
    renameSync(fresh, folder);
    return folder;
  } finally {
    closeSync(lock);
  }
}

/** A folder with Debian's part of the image in `rootfs`, as the Dockerfile's stage has it. */
export function debianFolder(): string {
  const [script, packages] = ["rootfs.sh", "packages.txt"].map((name) => join(root, "image", name)) as [string, string];
  return kept("debian", [readFileSync(script, "utf8"), readFileSync(packages, "utf8"), process.arch], (folder) => {
    execFileSync("sh", [script, join(folder, "rootfs")], { stdio: ["ignore", "inherit", "inherit"] });
    giveIdMappers(join(folder, "rootfs"));
  });
}

/** As `setcap cap_setuid+ep` does it, which not every machine has: capability 7 (CAP_SETUID) or 6 (CAP_SETGID), version 2, effective. */
function giveIdMappers(folder: string): void {
  for (const [name, bit] of [
    ["newuidmap", 7],
    ["newgidmap", 6],
  ] as const) {
    const path = join(folder, "usr/bin", name);
    chmodSync(path, 0o755);
    const capability = Buffer.alloc(20);
    capability.writeUInt32LE(0x02000001, 0);
    capability.writeUInt32LE(1 << bit, 4);
    lsetxattr(path, "security.capability", capability);
  }
}

/** A folder with Node alone, its symbols taken away where binutils are installed: 30 MB less. */
export function nodeFolder(): string {
  const node = join(root, `node_modules/node-linux-${process.arch}/bin/node`);
  const strip = spawnSync("strip", ["--version"], { encoding: "utf8" }).stdout ?? "";
  return kept("node", [strip, String(statSync(node).size), String(statSync(node).mtimeMs)], (folder) => {
    mkdirSync(folder);
    cpSync(node, join(folder, "node"));
    if (strip !== "") execFileSync("strip", [join(folder, "node")]);
  });
}

/** The command line of the build. `dist`: the bundle that goes into the image. */
export function imageBuild(dist: string, args: readonly string[]): readonly string[] {
  const named = { debian: debianFolder(), node: nodeFolder(), dist };
  const contexts = Object.entries(named).flatMap(([name, folder]) => [
    ...["--opt", `context:${name}=local:${name}`, "--local", `${name}=${folder}`],
  ]);
  const file = ["--local", `dockerfile=${join(root, "image")}`, "--local", `context=${root}`];
  return ["build", "--frontend", "dockerfile.v0", ...file, ...contexts, ...args];
}

function main(): void {
  const dist = join(root, "dist");
  execFileSync(process.execPath, [join(root, "tools/build.ts")], { stdio: ["ignore", "inherit", "inherit"] });
  const given = process.argv.slice(2);
  const output = given.includes("--output") ? [] : ["--output", "type=docker,name=cooper,dest=cooper-image.tar"];
  const command = [join(dist, "buildctl-daemonless.js"), ...imageBuild(dist, [...output, ...given])];
  const { status } = spawnSync(process.execPath, command, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

if (import.meta.main) main();
