/** A registry on loopback with a busybox image and, when asked, an image with one layer of 400 MB. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type BenchWorld, writeBigFile } from "./scenarios.ts";

export interface World {
  readonly images: BenchWorld;
  close(): Promise<void>;
}

function run(command: string, args: readonly string[]): void {
  const result = spawnSync(command, args, { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${result.stderr}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

async function waitFor(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no answer from ${url}`);
}

/** Pushes the tree in `rootfs` as an image of one gzip layer. */
function pushImage(folder: string, rootfs: string, name: string): void {
  const layout = join(folder, "layout");
  run("rm", ["-rf", layout, join(folder, "bundle")]);
  run("umoci", ["init", "--layout", layout]);
  run("umoci", ["new", "--image", `${layout}:a`]);
  run("umoci", ["insert", "--image", `${layout}:a`, rootfs, "/"]);
  run("skopeo", ["copy", "-q", "--dest-tls-verify=false", `oci:${layout}:a`, `docker://${name}`]);
}

export async function openWorld(folder: string, withBig: boolean): Promise<World> {
  mkdirSync(join(folder, "registry"), { recursive: true });
  const port = await freePort();
  const config = join(folder, "registry.yml");
  const storage = `storage:\n  filesystem:\n    rootdirectory: ${join(folder, "registry")}\n`;
  writeFileSync(config, `version: 0.1\nlog:\n  level: error\n${storage}http:\n  addr: 127.0.0.1:${port}\n`);
  const server: ChildProcess = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
  const close = async () => {
    const gone = new Promise((resolve) => server.once("exit", resolve));
    server.kill();
    await gone;
  };
  try {
    await waitFor(`http://127.0.0.1:${port}/v2/`);
    const registry = `127.0.0.1:${port}`;
    const images = { registry, base: `${registry}/busybox:latest`, big: `${registry}/big:latest` };
    const rootfs = join(folder, "rootfs");
    mkdirSync(join(rootfs, "bin"), { recursive: true });
    copyFileSync("/bin/busybox", join(rootfs, "bin/busybox"));
    for (const name of ["sh", "cat", "echo", "sleep", "test", "ls"]) symlinkSync("busybox", join(rootfs, "bin", name));
    pushImage(folder, rootfs, images.base);
    if (withBig) {
      const bigFs = join(folder, "bigfs");
      mkdirSync(bigFs);
      await writeBigFile(join(bigFs, "big.bin"));
      pushImage(folder, bigFs, images.big);
    }
    return { images, close };
  } catch (error) {
    await close();
    throw error;
  }
}
