import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { errnoOf, type Scope } from "../../kit/index.ts";
import type { ContainerProcess, TerminalSize } from "../contract.ts";
import type { Runtime } from "./find.ts";
import { parentOf } from "./owner.ts";
import { type ProcessIo, processIo } from "./process-io.ts";
import { resizeTerminalOf } from "./resize-terminal.ts";
import { signalNumber } from "./signal-number.ts";
import { lastLoggedError } from "./start-failure.ts";

/** How a runtime is to be called to begin a process, and where it tells of it. */
export interface RuntimeCall {
  /** After the global flags. */
  readonly args: readonly string[];
  readonly runtimeRoot: string;
  /** Written once the process has begun. */
  readonly pidFile: string;
  readonly logFile: string;
}

export type ProcessEnd =
  | { readonly kind: "exited"; readonly code: number }
  /** Nothing of it has run. */
  | { readonly kind: "not-started"; readonly message: string };

/** How often is looked whether a process has begun, in milliseconds. */
const pollInterval = 5;
/** After so many looks (5 s) at a process that is to be killed and has not begun, the runtime itself is killed. */
const killAttempts = 1000;

/** A process in a container, run by a runtime in the foreground that passes its streams on. */
export class TalkingProcess {
  readonly io: ProcessIo;
  /** Resolves when the process has begun and its id is known, or when it has ended. Never rejects. */
  readonly begun: Promise<void>;
  readonly end: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #call: RuntimeCall;
  /** runc gives the container's terminal the size of its own, at its start and at each SIGWINCH; crun passes the signal on. */
  readonly #resizesItself: boolean;
  #ended = false;

  /** Nobody else has `process`'s streams. Throws what `spawn` and the terminal throw. */
  constructor(runtime: Runtime, call: RuntimeCall, process: Pick<ContainerProcess, "stdin" | "terminal">) {
    this.#call = call;
    this.#resizesItself = runtime.name.endsWith("runc");
    this.io = processIo(process);
    try {
      this.#child = startRuntime(runtime, call, this.io);
    } catch (error) {
      this.io.destroy();
      throw error;
    } finally {
      this.io.closeTargets();
    }
    this.end = this.#waitForEnd(runtime);
    this.end.catch(() => {});
    this.begun = this.#waitForBegin();
  }

  get ended(): boolean {
    return this.#ended;
  }

  async #waitForBegin(): Promise<void> {
    // crun makes the file first and fills it then.
    while (!this.#ended && readIfThere(this.#call.pidFile) === "") {
      await Promise.race([this.end.catch(() => {}), new Promise((resolve) => setTimeout(resolve, pollInterval))]);
    }
  }

  /** Goes to the process itself, not through the runtime: SIGKILL too, and every runtime's alike. */
  signal(name: string): void {
    const number = signalNumber(name);
    this.#onceBegun(() => this.#kill(number));
  }

  resize(size: TerminalSize): void {
    if (this.#ended) return;
    // The runtime may be about to read it.
    if (this.#pid() === undefined) this.io.resize(size);
    this.#onceBegun(() => this.#resizeContainers(size));
  }

  /** In the order of the calls. It may be gone by then, or the terminal: nobody waits for that. */
  #onceBegun(work: () => void): void {
    this.begun.then(work).catch(() => {});
  }

  #resizeContainers(size: TerminalSize): void {
    const pid = this.#pid();
    if (pid !== undefined) resizeTerminalOf(pid, size);
    this.io.resize(size);
    // It may just be setting the size that it read before. Ours is no controlling terminal of its, so the kernel does not tell it.
    if (this.#resizesItself) this.#child.kill("SIGWINCH");
  }

  /** Kills it when the scope ends, until it has ended. */
  async killWith(scope: Scope): Promise<void> {
    const onAbort = () => this.#killUntilEnded();
    if (scope.signal.aborted) onAbort();
    else scope.signal.addEventListener("abort", onAbort, { once: true });
    await this.end.finally(() => scope.signal.removeEventListener("abort", onAbort)).catch(() => {});
  }

  #killUntilEnded(attempts = 0): void {
    if (this.#ended) return;
    if (!this.#kill(constants.signals.SIGKILL) && attempts >= killAttempts) this.#child.kill("SIGKILL");
    setTimeout(() => this.#killUntilEnded(attempts + 1), pollInterval);
  }

  /** Only a child of the runtime counts, so that an id that was used again is never hit. */
  #pid(): number | undefined {
    const pid = Number.parseInt(readIfThere(this.#call.pidFile), 10);
    return this.#ended || !Number.isInteger(pid) || parentOf(pid) !== this.#child.pid ? undefined : pid;
  }

  #kill(signal: number): boolean {
    const pid = this.#pid();
    if (pid === undefined) return false;
    try {
      return process.kill(pid, signal);
    } catch (error) {
      if (errnoOf(error) === "ESRCH") return false;
      throw error;
    }
  }

  async #waitForEnd(runtime: Runtime): Promise<ProcessEnd> {
    try {
      const code = await exitOf(this.#child);
      if (existsSync(this.#call.pidFile)) return { kind: "exited", code };
      const logged = lastLoggedError(readIfThere(this.#call.logFile));
      return { kind: "not-started", message: logged ?? `${runtime.name} ended with exit code ${code}` };
    } finally {
      this.#ended = true;
    }
  }
}

/** A session of its own keeps signals of this process's terminal away from the runtime. */
function startRuntime(runtime: Runtime, call: RuntimeCall, io: ProcessIo): ChildProcess {
  const global = [...(runtime.flags ?? []), "--root", call.runtimeRoot, "--log", call.logFile, "--log-format", "json"];
  return spawn(runtime.path, [...global, ...call.args], {
    stdio: [...io.targets],
    detached: true,
    env: { PATH: process.env.PATH ?? "" },
  });
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
