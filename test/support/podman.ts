import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostProfile } from "../../src/executor/testing/index.ts";
import type { Finished, Rights } from "./rights.ts";

/** `podman run`'s options that leave what a pod's settings of that kind would (test/support/rights.ts). */
function optionsOf(rights: Rights, profile: string): readonly string[] {
  switch (rights) {
    case "privileged":
      return ["--privileged"];
    case "rootless":
      return ["--user", "1000:1000", "--security-opt", "seccomp=unconfined"];
    case "baseline":
      return ["--security-opt", `seccomp=${profile}`];
    case "restricted":
      return [
        ...["--user", "1000:1000", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
        ...["--security-opt", `seccomp=${profile}`],
      ];
  }
}

/** A podman with a store of its own, on the machine's network, which it leaves as it was. */
export class Podman implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "cooper-podman-"));

  constructor() {
    const engine = '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\n';
    // Its own default is more than a virtual machine may allow.
    const containers = '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n';
    writeFileSync(join(this.folder, "containers.conf"), containers + engine);
    writeFileSync(join(this.folder, "seccomp.json"), JSON.stringify(hostProfile()));
  }

  /** Loads a docker or OCI archive. Throws what podman says when it does not like it. */
  load(archive: string): void {
    const { status, stderr } = spawnSync(
      "podman",
      [...this.#store(), "load", "--quiet", "--input", archive],
      this.#env(),
    );
    if (status !== 0) throw new Error(`podman load ended with ${status}: ${stderr}`);
  }

  /** Runs a shell script in a new container of the image, with these rights. `mounts`: folders of this machine, by their place in it (`/context:ro`). */
  sh(image: string, rights: Rights, script: string, mounts: Readonly<Record<string, string>> = {}): Promise<Finished> {
    const volumes = Object.entries(mounts).flatMap(([to, from]) => ["--volume", `${from}:${to}`]);
    const run = ["run", "--rm", "--network", "host", "--log-driver", "none", "--entrypoint", "/bin/sh"];
    const profile = join(this.folder, "seccomp.json");
    const args = [...this.#store(), ...run, ...optionsOf(rights, profile), ...volumes, image, "-ec", script];
    const child = spawn("podman", args, { ...this.#env(), stdio: ["ignore", "pipe", "pipe"] });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        output[name] += text;
      });
    }
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve({ code, signal, ...output }));
    });
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
