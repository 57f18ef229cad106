import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** `user` with password `pass`, hashed with bcrypt. */
const htpasswd = "user:$2b$04$bxVGdGT8vNfn6wVQDu23Ou9/eZLW6PuxaRvXqa8oku1OLZylMRzs.\n";

export interface DockerRegistryOptions {
  /** Only `user` with password `pass` may enter. */
  readonly basicAuth?: boolean;
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** Debian's `docker-registry` (CNCF distribution 2.8) on a port of 127.0.0.1 that the system picked, with an empty store of its own. */
export class DockerRegistry implements AsyncDisposable {
  readonly host: string;
  readonly #process: ChildProcess;
  readonly #folder: string;
  private constructor(host: string, process: ChildProcess, folder: string) {
    this.host = host;
    this.#process = process;
    this.#folder = folder;
  }

  static async start(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
    const folder = await mkdtemp(join(tmpdir(), "cooper-docker-registry-"));
    await writeFile(join(folder, "htpasswd"), htpasswd);
    await writeFile(join(folder, "config.yml"), configuration(folder, options));
    const child = spawn("docker-registry", ["serve", join(folder, "config.yml")], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env.PATH, OTEL_TRACES_EXPORTER: "none" },
    });
    try {
      return new DockerRegistry(await listeningAt(child), child, folder);
    } catch (error) {
      await stop(child, folder);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stop(this.#process, this.#folder);
  }
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
}

function configuration(folder: string, options: DockerRegistryOptions): string {
  const tls = options.tls === undefined ? "" : `  tls: {certificate: ${options.tls.cert}, key: ${options.tls.key}}\n`;
  const auth = options.basicAuth === true ? `auth:\n  htpasswd: {realm: golden, path: ${folder}/htpasswd}\n` : "";
  return `version: 0.1
log: {level: info}
storage:
  filesystem: {rootdirectory: ${folder}/store}
  delete: {enabled: true}
http:
  addr: 127.0.0.1:0
${tls}${auth}`;
}

/** The address that the system picked, as the registry's log tells it. */
async function listeningAt(child: ChildProcess): Promise<string> {
  const said: string[] = [];
  child.once("error", (error) => said.push(error.message));
  if (child.stderr !== null) {
    for await (const line of createInterface({ input: child.stderr })) {
      said.push(line);
      const found = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (found === undefined) continue;
      child.stderr.resume();
      return found;
    }
  }
  throw new Error(`docker-registry ended:\n${said.join("\n")}`);
}
