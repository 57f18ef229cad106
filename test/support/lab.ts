import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { bundled } from "./bundle.ts";
import type { TestRegistry } from "./registry.ts";

/** A file of a context: text, or text with a mode, or a link. */
export type LabFile = string | { readonly text: string; readonly mode: number } | { readonly link: string };

/** A parsed document of which a test asserts parts. */
// biome-ignore lint/suspicious/noExplicitAny: tests reach into documents of other formats
export type Json = any;

export interface BuildResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** The progress, plain. */
  readonly log: string;
}

/** A context folder, a storage root and the command, all in one temporary folder. `docker.io` is the registry's mirror. */
export class Lab implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "cooper-lab-"));
  readonly context = join(this.folder, "context");
  readonly root = join(this.folder, "root");
  /** What commands have in their environment besides the test's. */
  readonly env: Record<string, string> = {};

  constructor(registry?: TestRegistry) {
    mkdirSync(this.context);
    const config = registry === undefined ? "" : `[registry."docker.io"]\nmirrors = ["${registry.host}"]\n`;
    writeFileSync(join(this.folder, "buildkitd.toml"), config);
  }

  /** Empties the context. */
  clear(): this {
    rmSync(this.context, { recursive: true, force: true });
    mkdirSync(this.context);
    return this;
  }

  /** Writes files below the context; an undefined one is removed. */
  write(files: Readonly<Record<string, LabFile | undefined>>): this {
    for (const [name, file] of Object.entries(files)) {
      const path = join(this.context, name);
      rmSync(path, { recursive: true, force: true });
      if (file === undefined) continue;
      mkdirSync(dirname(path), { recursive: true });
      if (typeof file === "string") writeFileSync(path, file);
      else if ("link" in file) symlinkSync(file.link, path);
      else {
        writeFileSync(path, file.text);
        chmodSync(path, file.mode);
      }
    }
    return this;
  }

  /** Starts `buildctl-daemonless.sh build` on the context. */
  start(args: readonly string[] = [], daemonFlags = ""): { child: ChildProcess; done: Promise<BuildResult> } {
    const locals = ["--local", `context=${this.context}`, "--local", `dockerfile=${this.context}`];
    const command = ["build", "--frontend", "dockerfile.v0", ...locals, "--progress=plain", ...args];
    const flags = `--root ${this.root} --config ${join(this.folder, "buildkitd.toml")} ${daemonFlags}`;
    const child = spawn(process.execPath, [bundled("buildctl-daemonless"), ...command], {
      cwd: this.folder,
      env: { ...process.env, BUILDKITD_FLAGS: flags, DOCKER_CONFIG: this.folder, NODE_OPTIONS: "", ...this.env },
    });
    const out: Buffer[] = [];
    const log: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => log.push(chunk));
    const done = new Promise<BuildResult>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        resolve({ code, signal, stdout: Buffer.concat(out).toString(), log: Buffer.concat(log).toString() });
      });
    });
    return { child, done };
  }

  run(args: readonly string[] = [], daemonFlags = ""): Promise<BuildResult> {
    return this.start(args, daemonFlags).done;
  }

  /** Builds, and gives the tree that came out as a folder, owners and all. Throws the log when the build fails. */
  async build(args: readonly string[] = [], daemonFlags = ""): Promise<{ out: string; log: string }> {
    const out = mkdtempSync(join(this.folder, "out-"));
    const { code, log } = await this.run([...args, "--output", `type=tar,dest=${out}.tar`], daemonFlags);
    if (code !== 0) throw new Error(`build ended with ${code}:\n${log}`);
    execFileSync("tar", ["-C", out, "-xpf", `${out}.tar`, "--same-owner", "--warning=no-timestamp"]);
    return { out, log };
  }

  /** Builds an OCI layout, and gives its index, and the manifest and config of its first image. Throws the log when the build fails. */
  async image(
    args: readonly string[] = [],
    daemonFlags = "",
  ): Promise<{ index: Json; manifest: Json; config: Json; log: string }> {
    const layout = mkdtempSync(join(this.folder, "layout-"));
    const { code, log } = await this.run([...args, "--output", `type=oci,tar=false,dest=${layout}`], daemonFlags);
    if (code !== 0) throw new Error(`build ended with ${code}:\n${log}`);
    const blob = (digest: string) => JSON.parse(this.read(join(layout, "blobs", digest.replace(":", "/"))));
    let index = JSON.parse(this.read(join(layout, "index.json")));
    let manifest = blob(index.manifests[0].digest);
    if (manifest.manifests !== undefined) {
      index = manifest;
      manifest = blob(index.manifests[0].digest);
    }
    return { index, manifest, config: blob(manifest.config.digest), log };
  }

  /** Builds and pushes to the test registry. Throws the log when the build fails. */
  async push(name: string, args: readonly string[] = []): Promise<void> {
    const output = `type=image,name=${name},push=true,registry.insecure=true`;
    const { code, log } = await this.run([...args, "--output", output]);
    if (code !== 0) throw new Error(`build ended with ${code}:\n${log}`);
  }

  read(path: string): string {
    return readFileSync(path, "utf8");
  }

  /** Mounts and processes that refer to this lab: none may be left when no build runs. */
  /** What is still mounted or runs after 30 s: killed processes, and the watchdog of a killed build, take a while to be gone. */
  async settled(): Promise<string[]> {
    for (const end = Date.now() + 30_000; Date.now() < end && this.leftovers().length > 0; ) await pause(100);
    return this.leftovers();
  }

  leftovers(): string[] {
    const mounts = readFileSync("/proc/self/mountinfo")
      .toString()
      .split("\n")
      .filter((line) => line.includes(this.folder));
    const processes = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" })
      .split("\n")
      .filter((line) => line.includes(this.folder) && !line.includes("ps -eo"));
    return [...mounts, ...processes];
  }

  [Symbol.dispose](): void {
    for (const mount of readFileSync("/proc/self/mountinfo").toString().split("\n").reverse()) {
      const target = mount.split(" ")[4];
      if (target?.startsWith(this.folder)) execFileSync("umount", ["-l", target]);
    }
    if (existsSync(this.folder)) rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Vertices of a plain progress that ran or were cached: `CACHED`, `DONE` by name. */
export function outcomes(log: string): Map<string, "cached" | "done" | "error" | "cancelled"> {
  const names = new Map<string, string>();
  const found = new Map<string, "cached" | "done" | "error" | "cancelled">();
  for (const line of log.split("\n")) {
    const match = /^#(\d+) (.*)$/.exec(line);
    if (match === null) continue;
    const [, number = "", text = ""] = match;
    if (!names.has(number)) names.set(number, text);
    const name = names.get(number) ?? "";
    if (text === "CACHED") found.set(name, "cached");
    else if (/^DONE [\d.]+s$/.test(text)) found.set(name, "done");
    else if (text.startsWith("ERROR: ")) found.set(name, "error");
    else if (text === "CANCELED") found.set(name, "cancelled");
  }
  return found;
}
