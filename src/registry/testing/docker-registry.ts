import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** `user` with password `pass`, hashed with bcrypt. */
const htpasswd = "user:$2b$04$bxVGdGT8vNfn6wVQDu23Ou9/eZLW6PuxaRvXqa8oku1OLZylMRzs.\n";

export interface DockerRegistryOptions {
  /** Only `user` with password `pass` may enter. */
  readonly basicAuth?: boolean;
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** Debian's `docker-registry` (CNCF distribution 2.8) on a free port of 127.0.0.1, with an empty store of its own. */
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
    const port = await freePort();
    await writeFile(join(folder, "htpasswd"), htpasswd);
    await writeFile(join(folder, "config.yml"), configuration(folder, port, options));
    const child = spawn("docker-registry", ["serve", join(folder, "config.yml")], {
      stdio: "ignore",
      env: { PATH: process.env.PATH, OTEL_TRACES_EXPORTER: "none" },
    });
    const registry = new DockerRegistry(`127.0.0.1:${port}`, child, folder);
    try {
      await untilListening(port, child);
      return registry;
    } catch (error) {
      await registry[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.pid !== undefined) {
      const ended = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill("SIGKILL");
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function configuration(folder: string, port: number, options: DockerRegistryOptions): string {
  const tls = options.tls === undefined ? "" : `  tls: {certificate: ${options.tls.cert}, key: ${options.tls.key}}\n`;
  const auth = options.basicAuth === true ? `auth:\n  htpasswd: {realm: golden, path: ${folder}/htpasswd}\n` : "";
  return `version: 0.1
log: {level: error}
storage:
  filesystem: {rootdirectory: ${folder}/store}
  delete: {enabled: true}
http:
  addr: 127.0.0.1:${port}
${tls}${auth}`;
}

/** A port that was free a moment ago: docker-registry cannot tell which one the system picked for it. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  let failed: Error | undefined;
  child.once("error", (error) => {
    failed = error;
  });
  for (let tries = 0; tries < 400; tries++) {
    if (failed !== undefined) throw failed;
    if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}`);
    if (await canConnect(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("docker-registry does not listen");
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
