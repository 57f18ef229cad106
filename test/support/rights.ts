import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type AmendableSpec, type Rights, rightsBundle, type Surroundings, userId } from "./rights-bundle.ts";

export type { AmendableSpec, Rights, Surroundings };

/** How a command with dropped rights ended. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RightsOptions extends Surroundings {
  readonly input?: string;
}

/**
 * A place where commands run with fewer rights than the test has: a container of runc's with the machine's programs and this repository read-only at their
 * usual paths, the machine's network, and `folder`, the only thing that can be written (with a HOME and a TMPDIR in it). `rights` says what a
 * pod's settings would leave:
 *
 * - `privileged`: all of root's, no filter.
 * - `rootless`: uid 1000, no filter, programs may gain rights (newuidmap): seccomp and AppArmor Unconfined.
 * - `baseline`: root with a container's default capabilities, the default filter: Pod Security "baseline".
 * - `restricted`: uid 1000, no capability, no new privileges, the default filter: Pod Security "restricted".
 */
export class RightsRoom implements Disposable {
  readonly rights: Rights;
  readonly folder: string;
  readonly #options: Surroundings;
  readonly #bundles = mkdtempSync(join(tmpdir(), "cooper-rights-"));
  #count = 0;

  constructor(rights: Rights, options: Surroundings = {}) {
    this.rights = rights;
    this.#options = options;
    this.folder = mkdtempSync(join(tmpdir(), "cooper-room-"));
    for (const name of ["home", "tmp", "work"]) mkdirSync(join(this.folder, name));
    this.give(this.folder, join(this.folder, "home"), join(this.folder, "tmp"), join(this.folder, "work"));
  }

  /** Makes these files and folders (not what is in them) the property of the user that commands run as. */
  give(...paths: readonly string[]): void {
    for (const path of paths) chownSync(path, userId(this.rights), userId(this.rights));
  }

  /** Starts a command; it is the first process of its container, as a pod's is. `SIGTERM` and `SIGINT` to the child reach it. */
  start(command: readonly string[], options: RightsOptions = {}): { child: ChildProcess; done: Promise<Finished> } {
    const id = `${basename(this.#bundles)}-${this.#count++}`;
    const bundle = join(this.#bundles, id);
    const runtimeRoot = join(this.#bundles, "run");
    rightsBundle(bundle, { id, rights: this.rights, folder: this.folder, command, ...this.#options, ...options });
    const child = spawn("runc", ["--root", runtimeRoot, "run", "--bundle", bundle, id], {
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    child.stdin?.end(options.input);
    const [out, err]: Buffer[][] = [[], []];
    child.stdout?.on("data", (chunk: Buffer) => out?.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => err?.push(chunk));
    const done = new Promise<Finished>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        if (existsSync(join(runtimeRoot, id))) spawnSync("runc", ["--root", runtimeRoot, "delete", "--force", id]);
        const [stdout = "", stderr = ""] = [out, err].map((chunks) => Buffer.concat(chunks ?? []).toString());
        resolve({ code, signal, stdout, stderr });
      });
    });
    return { child, done };
  }

  run(command: readonly string[], options: RightsOptions = {}): Promise<Finished> {
    return this.start(command, options).done;
  }

  /** A shell script's output; throws when it fails. */
  async sh(script: string, options: RightsOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(["/bin/sh", "-ec", script], options);
    if (code !== 0) throw new Error(`script ended with ${code}: ${stdout}${stderr}`);
    return stdout;
  }

  [Symbol.dispose](): void {
    for (let count = 0; count < this.#count; count++) {
      const id = `${basename(this.#bundles)}-${count}`;
      if (existsSync(join(this.#bundles, "run", id))) {
        spawnSync("runc", ["--root", join(this.#bundles, "run"), "delete", "--force", id]);
      }
    }
    for (const folder of [this.#bundles, this.folder]) rmSync(folder, { recursive: true, force: true });
  }
}
