import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { hostProfile } from "../../src/executor/testing/index.ts";
import { imageBuild } from "../../tools/image.ts";
import { bundled } from "./bundle.ts";
import type { Finished, Rights } from "./rights.ts";

/** A container's rights, as a pod's `securityContext` states them. */
export interface PodRights {
  readonly privileged?: boolean;
  readonly user?: number;
  readonly group?: number;
  readonly dropsAll?: boolean;
  readonly mayGainRights?: boolean;
  readonly unconfined?: boolean;
  /** `readOnlyRootFilesystem`, without a writable /tmp either. */
  readonly readOnly?: boolean;
}

/** Milliseconds for the image, when nothing of it is kept yet and the machine is busy. */
export const imageTimeout = 900_000;

/** The four kinds of pod (test/support/rights.ts). */
export const kindsOfPod: Readonly<Record<Rights, PodRights>> = {
  privileged: { privileged: true },
  rootless: { user: 1000, group: 1000, unconfined: true },
  baseline: {},
  restricted: { user: 1000, group: 1000, dropsAll: true, mayGainRights: false },
};

export interface PodmanRun {
  readonly image: string;
  readonly rights: PodRights;
  readonly command: readonly string[];
  /** Folders and files of this machine, by their place in the container (`/context:ro`). */
  readonly mounts?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A podman with a store of its own, on the machine's network, which it leaves as it was. */
export class Podman implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "cooper-podman-"));
  #containers = 0;

  constructor() {
    const engine = '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\n';
    // Its own default is more than a virtual machine may allow.
    const containers = '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n';
    writeFileSync(join(this.folder, "containers.conf"), containers + engine);
    writeFileSync(join(this.folder, "seccomp.json"), JSON.stringify(hostProfile()));
  }

  /** Builds Cooper's image with Cooper, and loads it as `cooper`; the archive's size in bytes. */
  loadCooper(): number {
    const script = bundled("buildctl-daemonless");
    const archive = join(this.folder, "image.tar");
    const command = imageBuild(dirname(script), ["--output", `type=docker,name=cooper,dest=${archive}`]);
    const env = { ...process.env, BUILDKITD_FLAGS: `--root ${join(this.folder, "build")}` };
    const { status, stderr } = spawnSync(process.execPath, [script, ...command], { env, encoding: "utf8" });
    if (status !== 0) throw new Error(`cannot build the image: ${stderr}`);
    const load = spawnSync("podman", [...this.#store(), "load", "--quiet", "--input", archive], this.#env());
    if (load.status !== 0) throw new Error(`podman load ended with ${load.status}: ${load.stderr}`);
    return statSync(archive).size;
  }

  /** Runs a command in a new container. */
  run({ image, rights, command, mounts = {}, env = {}, cwd }: PodmanRun): Promise<Finished> {
    const [program = "", ...args] = command;
    // Not removed by itself: where podman is slow, its container is gone before it has asked how that ended.
    const name = `run-${this.#containers++}`;
    const options = [
      ...["run", "--name", name, "--network", "host", "--log-driver", "none", "--entrypoint", program],
      ...this.#rightsOptions(rights),
      ...Object.entries(mounts).flatMap(([to, from]) => ["--volume", `${from}:${to}`]),
      ...Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
      ...(cwd === undefined ? [] : ["--workdir", cwd]),
    ];
    const child = spawn("podman", [...this.#store(), ...options, image, ...args], {
      ...this.#env(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        output[name] += text;
      });
    }
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        spawnSync("podman", [...this.#store(), "rm", "--force", name], this.#env());
        resolve({ code, signal, ...output });
      });
    });
  }

  #rightsOptions(rights: PodRights): readonly string[] {
    const readOnly = rights.readOnly === true ? ["--read-only", "--read-only-tmpfs=false"] : [];
    if (rights.privileged === true) return ["--privileged", ...readOnly];
    const profile = rights.unconfined === true ? "unconfined" : join(this.folder, "seccomp.json");
    return [
      ...readOnly,
      ...["--security-opt", `seccomp=${profile}`],
      ...(rights.user === undefined ? [] : ["--user", `${rights.user}:${rights.group ?? 0}`]),
      ...(rights.dropsAll === true ? ["--cap-drop", "ALL"] : []),
      ...(rights.mayGainRights === false ? ["--security-opt", "no-new-privileges"] : []),
    ];
  }

  #store(): readonly string[] {
    const at = (name: string) => join(this.folder, name);
    return ["--root", at("root"), "--runroot", at("run"), "--storage-driver", "overlay", "--log-level", "error"];
  }

  #env() {
    return {
      encoding: "utf8" as const,
      env: { ...process.env, CONTAINERS_CONF: join(this.folder, "containers.conf") },
    };
  }

  [Symbol.dispose](): void {
    spawnSync("podman", [...this.#store(), "rm", "--all", "--force", "--time", "0"], this.#env());
    spawnSync("umount", ["-l", join(this.folder, "root/overlay")]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
