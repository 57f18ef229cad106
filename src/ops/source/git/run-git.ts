import { type ChildProcess, spawn } from "node:child_process";
import { CooperError, isCooperError, type Scope } from "../../../kit/index.ts";

/** How git is run for one source: environment with credentials, never on the command line. */
export interface GitRunner {
  /**
   * Standard output, at most 64 MiB. Where a server cannot do `--depth=1`, runs again without. Throws `ops/git-failed` with git's last
   * words, `ops/no-git`.
   */
  run(args: readonly string[], options?: GitRunOptions): Promise<string>;
  /** The same, for what may be no text. */
  bytes(args: readonly string[], options?: GitRunOptions): Promise<Buffer>;
}
export interface GitRunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const largestOutput = 64 * 1024 * 1024;
/** Git that is told to end removes its lock files first. So long it has for that, in milliseconds. */
const lastMoments = 5000;
/** What a hostile repository or URL must not switch on. */
const guards = [
  "protocol.ext.allow=never",
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "transfer.fsckObjects=false",
];

/** Git that reads no configuration of this machine's users, asks nobody, and speaks only network protocols. */
export function gitRunner(
  env: Readonly<Record<string, string>>,
  onStderr: (chunk: Uint8Array) => void,
  scope: Scope,
): GitRunner {
  const base = {
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    HOME: "/nonexistent",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ALLOW_PROTOCOL: "http:https:ssh:git",
    GIT_ASKPASS: "true",
    LC_ALL: "C",
    ...proxies(),
  };
  const flags = guards.flatMap((setting) => ["-c", setting]);
  const once = (args: readonly string[], { cwd, env: more }: GitRunOptions) =>
    runOnce([...flags, ...args], { ...base, ...env, ...more }, cwd, onStderr, scope);
  const bytes: GitRunner["bytes"] = (args, options = {}) =>
    once(args, options).catch((error: unknown) => {
      if (!refusesDepth(args, error)) throw error;
      return once(
        args.filter((arg) => arg !== shallow),
        options,
      );
    });
  return { bytes, run: async (args, options) => (await bytes(args, options)).toString() };
}

const shallow = "--depth=1";

/** Servers of plain files know no shallow answers. */
function refusesDepth(args: readonly string[], error: unknown): boolean {
  return args.includes(shallow) && isCooperError(error, "ops/git-failed") && /--depth|shallow/.test(error.message);
}

function proxies(): Record<string, string> {
  const names = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
  ];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** Git and all that it started have ended when this settles, also when the scope ends: the next one may work in the same folder. */
function runOnce(
  args: readonly string[],
  env: Record<string, string>,
  cwd: string | undefined,
  onStderr: (chunk: Uint8Array) => void,
  scope: Scope,
): Promise<Buffer> {
  scope.signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn("git", args, { env, cwd, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const stop = () => endGroup(child);
    scope.signal.addEventListener("abort", stop, { once: true });
    const out: Buffer[] = [];
    let size = 0;
    let last = "";
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size > largestOutput) child.kill();
      else out.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      onStderr(chunk);
      last = (last + chunk.toString()).slice(-2000);
    });
    child.once("error", (error) => {
      scope.signal.removeEventListener("abort", stop);
      reject(scope.signal.aborted ? scope.signal.reason : cannotStart(error));
    });
    child.once("close", (code) => {
      scope.signal.removeEventListener("abort", stop);
      if (code === 0) resolve(Buffer.concat(out));
      else reject(scope.signal.aborted ? scope.signal.reason : failed(code, last));
    });
  });
}

/** Its helpers are in its process group. */
function endGroup(child: ChildProcess): void {
  const kill = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // All of it has ended.
    }
  };
  kill("SIGTERM");
  const late = setTimeout(() => kill("SIGKILL"), lastMoments);
  child.once("close", () => clearTimeout(late));
}

function cannotStart(cause: Error): CooperError {
  return new CooperError("ops/no-git", "cannot run git", { cause, hint: "install the package git" });
}

function failed(code: number | null, words: string): CooperError {
  return new CooperError("ops/git-failed", `git stderr:\n${words}: exit status ${code}`);
}
