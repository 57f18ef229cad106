import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CooperError, type Scope } from "../kit/index.ts";
import type { Container, ContainerProcess, ContainerSpec, RunningProcess, StepResult } from "./contract.ts";
import { oomKills } from "./limits/oom-kills.ts";
import { type PreparedStep, prepareStep, type StepContext } from "./prepare-step.ts";
import { endProcesses } from "./processes/end-processes.ts";
import { lookupUser } from "./rootfs/user.ts";
import type { RuntimeChoice } from "./runtime/choice.ts";
import { deleteContainer, startedFile } from "./runtime/container.ts";
import type { Runtime } from "./runtime/find.ts";
import { startFailure, startFailureIsTheSteps } from "./runtime/start-failure.ts";
import { TalkingProcess } from "./runtime/talking-process.ts";
import { processSpec, specJson } from "./spec/build-spec.ts";

/** What a container needs of its executor. */
export interface ContainerHome {
  readonly choice: RuntimeChoice;
  stepContext(): StepContext;
  /** A runtime's first process is on its way. */
  starting(runtime: Runtime): void;
}

/** The container while its first process is there, or was. */
interface Live {
  readonly runtime: Runtime;
  readonly context: StepContext;
  readonly prepared: PreparedStep;
  readonly init: TalkingProcess;
}

/** A container of runc or crun: `run` for the first process, `exec` for the others. */
export class OciContainer implements Container {
  readonly #spec: ContainerSpec;
  readonly #scope: Scope;
  readonly #home: ContainerHome;
  readonly #closing = new AbortController();
  readonly #processes = new Set<Promise<unknown>>();
  #live: Promise<Live> | undefined;
  #joined = 0;

  constructor(spec: ContainerSpec, scope: Scope, home: ContainerHome) {
    this.#spec = spec;
    this.#scope = scope;
    this.#home = home;
  }

  async start(process: ContainerProcess, scope: Scope): Promise<RunningProcess> {
    const whole = this.#scopeOf(scope);
    throwIfCancelled(whole);
    if (this.#live === undefined) {
      this.#live = this.#begin(process, whole);
      const live = await this.#live;
      return this.#running(live.init, live, whole);
    }
    const live = await this.#live;
    if (live.init.ended) throw new CooperError("executor/start-failed", "container has stopped");
    return this.#join(live, process, whole);
  }

  /** Tries the runtimes in turn until one begins the process, as for steps. */
  async #begin(process: ContainerProcess, scope: Scope): Promise<Live> {
    const runtimes = this.#home.choice.candidates();
    for (const [index, runtime] of runtimes.entries()) {
      const live = this.#run(runtime, process, scope);
      await live.init.begun;
      const last = index === runtimes.length - 1;
      const message = live.init.ended ? await vainMessage(live.init) : undefined;
      if (message === undefined || startFailureIsTheSteps(message)) this.#home.choice.worked(runtime);
      else if (!scope.signal.aborted) this.#home.choice.failed(runtime);
      if (message === undefined || startFailureIsTheSteps(message) || last || scope.signal.aborted) return live;
      scope.log(`${runtime.path} did not start the container: ${message}`);
      live.init.io.destroy();
      live.prepared[Symbol.dispose]();
    }
    throw new CooperError("executor/no-runtime", "failed to find runc or crun binary");
  }

  #run(runtime: Runtime, process: ContainerProcess, scope: Scope): Live {
    const context = { ...this.#home.stepContext(), terminal: process.terminal };
    const prepared = prepareStep({ ...this.#spec, ...process }, context);
    const { id, folder, runtimeRoot } = prepared.bundle;
    const pidFile = startedFile(prepared.bundle);
    try {
      // Its control groups tell of kills for want of memory, and must outlive it for that.
      const keep = prepared.bundle.countsOomKills === true && runtime.name.endsWith("runc") ? ["--keep"] : [];
      const args = ["run", ...(runtime.runFlags ?? []), ...keep, "--bundle", folder, "--pid-file", pidFile, id];
      const call = { args, runtimeRoot, pidFile, logFile: join(folder, "log.json") };
      this.#home.starting(runtime);
      const init = new TalkingProcess(runtime, call, process);
      this.#track(init, scope);
      return { runtime, context, prepared, init };
    } catch (error) {
      prepared[Symbol.dispose]();
      throw error;
    }
  }

  async #join(live: Live, process: ContainerProcess, scope: Scope): Promise<RunningProcess> {
    const { bundle } = live.prepared;
    const base = join(bundle.folder, `exec${this.#joined++}`);
    const step = { ...this.#spec, ...process };
    const user = lookupUser(this.#spec.rootfs, process.user);
    const { host, oomScoreAdj } = live.context;
    const spec = processSpec({
      step,
      user,
      host,
      terminal: process.terminal,
      ...(oomScoreAdj !== undefined && { oomScoreAdj }),
    });
    writeFileSync(`${base}.json`, specJson(spec), { mode: 0o600 });
    const args = ["exec", "--process", `${base}.json`, "--pid-file", `${base}.pid`, bundle.id];
    const call = { args, runtimeRoot: bundle.runtimeRoot, pidFile: `${base}.pid`, logFile: `${base}.log` };
    const joined = new TalkingProcess(live.runtime, call, process);
    this.#track(joined, scope);
    // crun gives only its first process a size at once.
    if (process.terminal !== undefined) joined.resize(process.terminal);
    return this.#running(joined, live, scope);
  }

  #running(process: TalkingProcess, live: Live, scope: Scope): RunningProcess {
    const exit = exitOf(process, live, this.#spec.limits?.memoryBytes, scope);
    exit.catch(() => {});
    const { stdin, stdout, stderr } = process.io;
    return {
      stdin,
      stdout,
      stderr,
      signal: (name) => process.signal(name),
      resize: (size) => process.resize(size),
      exit,
    };
  }

  #track(process: TalkingProcess, scope: Scope): void {
    const ended = process.killWith(scope).finally(() => this.#processes.delete(ended));
    this.#processes.add(ended);
  }

  #scopeOf(scope: Scope): Scope {
    return { ...scope, signal: AbortSignal.any([scope.signal, this.#scope.signal, this.#closing.signal]) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new CooperError("executor/cancelled", "container released"));
    const live = await this.#live?.catch(() => undefined);
    // Where no pid namespace does it; their output would be waited for.
    if (live?.context.cookie !== undefined) await endProcesses(live.context.cookie);
    await Promise.all(this.#processes);
    if (live === undefined) return;
    const { id, runtimeRoot } = live.prepared.bundle;
    if (existsSync(join(runtimeRoot, id))) await deleteContainer(live.runtime, runtimeRoot, id);
    live.prepared[Symbol.dispose]();
  }
}

async function vainMessage(process: TalkingProcess): Promise<string | undefined> {
  const end = await process.end;
  return end.kind === "not-started" ? end.message : undefined;
}

async function exitOf(
  process: TalkingProcess,
  { runtime, context, prepared, init }: Live,
  limit: number | undefined,
  scope: Scope,
): Promise<StepResult> {
  const end = await process.end;
  throwIfCancelled(scope);
  if (end.kind !== "exited") throw startFailure(runtime, end.message, context.host.capabilities);
  const { countsOomKills, runtimeRoot, id } = prepared.bundle;
  if (limit === undefined || process !== init || countsOomKills !== true) return { exitCode: end.code };
  const killed = oomKills(runtimeRoot, id) > 0 || (runtime.name === "crun" && end.code === 137);
  return { exitCode: end.code, ...(killed && { oomKilledAt: limit }) };
}

function throwIfCancelled(scope: Scope): void {
  if (!scope.signal.aborted) return;
  throw new CooperError("executor/cancelled", "cannot finish the process: cancelled", { cause: scope.signal.reason });
}
