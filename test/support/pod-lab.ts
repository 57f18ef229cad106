import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bundled } from "./bundle.ts";
import type { TestRegistry } from "./registry.ts";
import { type Finished, type Rights, RightsRoom, type Surroundings } from "./rights.ts";

/** One build in a pod. */
export interface PodBuild {
  readonly code: number | null;
  readonly log: string;
  /** The result, as `type=tar` has it: a line per entry with kind, mode, owner, size and name; times left out. */
  readonly tree: readonly string[];
  /** The text of a file of the result. */
  text(path: string): string;
}

export interface PodBuildOptions extends Surroundings {
  /** A program that runs the command, whose words follow. */
  readonly inside?: readonly string[];
}

/** A context and a storage root in a place with fewer rights (`RightsRoom`). `docker.io` is the registry's mirror. */
export class PodLab implements Disposable {
  readonly room: RightsRoom;
  readonly context: string;
  readonly root: string;
  readonly #env: Readonly<Record<string, string>>;
  #builds = 0;

  constructor(rights: Rights, registry: TestRegistry, options: Surroundings = {}) {
    this.#env = options.env ?? {};
    this.room = new RightsRoom(rights, options);
    this.context = join(this.room.folder, "context");
    this.root = join(this.room.folder, "work/root");
    mkdirSync(this.context);
    const config = `[registry."docker.io"]\nmirrors = ["${registry.host}"]\n`;
    writeFileSync(join(this.room.folder, "buildkitd.toml"), config, { mode: 0o644 });
  }

  write(files: Readonly<Record<string, string>>): this {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.context, name)), { recursive: true });
      writeFileSync(join(this.context, name), text, { mode: 0o644 });
    }
    return this;
  }

  /** Starts `buildctl-daemonless.sh build` on the context. */
  start(args: readonly string[] = [], daemonFlags = "", options: PodBuildOptions = {}) {
    const out = join(this.room.folder, "work", `out${this.#builds++}.tar`);
    const locals = ["--local", `context=${this.context}`, "--local", `dockerfile=${this.context}`];
    const command = [
      ...(options.inside ?? []),
      process.execPath,
      bundled("buildctl-daemonless"),
      "build",
      "--progress=plain",
      "--frontend",
      "dockerfile.v0",
    ];
    const flags = `--root ${this.root} --config ${join(this.room.folder, "buildkitd.toml")} ${daemonFlags}`;
    const env = { ...this.#env, BUILDKITD_FLAGS: flags, DOCKER_CONFIG: this.room.folder, ...options.env };
    const started = this.room.start([...command, ...locals, "--output", `type=tar,dest=${out}`, ...args], {
      ...options,
      env,
    });
    return { child: started.child, done: started.done.then((finished) => podBuild(finished, out)) };
  }

  build(args: readonly string[] = [], daemonFlags = "", options: PodBuildOptions = {}): Promise<PodBuild> {
    return this.start(args, daemonFlags, options).done;
  }

  /** What a build has left of its own on the root; what is remembered of runtimes may stay. */
  leftovers(): string {
    const script = `for d in run executor; do [ ! -d ${this.root}/$d ] || ls -I "runtimes*.json" ${this.root}/$d; done`;
    return execFileSync("sh", ["-c", script], { encoding: "utf8" });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
    this.room[Symbol.dispose]();
  }
}

function podBuild({ code, stdout, stderr }: Finished, out: string): PodBuild {
  return {
    code,
    log: stdout + stderr,
    get tree() {
      const lines = execFileSync("tar", ["--numeric-owner", "-tvf", out], { encoding: "utf8" }).trim().split("\n");
      return lines.map((line) => line.replace(/^(\S+ \S+ +\S+(?:,\S+)?) \S+ \S+ /, "$1 ")).sort();
    },
    text: (path) => execFileSync("tar", ["-xOf", out, path], { encoding: "utf8" }),
  };
}
