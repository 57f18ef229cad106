import { rmSync, writeFileSync } from "node:fs";
import { CooperError, messageOf, type Scope } from "../../kit/index.ts";
import type { Container, ContainerProcess, ContainerSpec, RunningProcess, StepResult } from "../contract.ts";
import { type MemoryWatch, watchMemory } from "../limits/memory-watch.ts";
import { looseLimits } from "../limits/without-cgroups.ts";
import { endProcesses } from "../processes/end-processes.ts";
import type { DnsOptions } from "../rootfs/network-files.ts";
import { lookupUser } from "../rootfs/user.ts";
import { ensureWorkingDir } from "../rootfs/working-dir.ts";
import { type ProcessIo, processIo } from "../runtime/process-io.ts";
import { signalNumber } from "../runtime/signal-number.ts";
import { type Launch, launch } from "./launcher.ts";
import { launchOrder } from "./make-order.ts";
import { type JoinedOutput, joinNamedPipe } from "./named-output.ts";
import { type StepNetwork, stepNetwork } from "./no-network.ts";
import { type PreparedTree, prepareTree } from "./prepare-tree.ts";
import { launchResult } from "./result.ts";

/** What a container needs of its executor. */
export interface ChrootHome {
  /** A name that nobody else has, in the folder of the tree. */
  readonly aside: string;
  /** Marks all its processes. */
  readonly cookie: string;
  /** Beginning of names for files of its own. */
  readonly files: string;
  readonly networkMode: string;
  readonly dns: DnsOptions | undefined;
}

/** The container from its first process on. */
interface Live {
  readonly tree: PreparedTree;
  readonly network: StepNetwork;
  readonly cpus: readonly number[] | undefined;
  /** The first process has ended, and the others are killed. */
  over: boolean;
}

/** Several processes in one tree, by chroot(2) alone: what a container is where there are no namespaces. */
export class ChrootContainer implements Container {
  readonly #spec: ContainerSpec;
  readonly #scope: Scope;
  readonly #home: ChrootHome;
  readonly #closing = new AbortController();
  readonly #exits: Promise<unknown>[] = [];
  readonly #pipes: JoinedOutput[] = [];
  #live: Promise<Live> | undefined;
  #tree: PreparedTree | undefined;
  #watch: MemoryWatch | undefined;

  constructor(spec: ContainerSpec, scope: Scope, home: ChrootHome) {
    this.#spec = spec;
    this.#scope = scope;
    this.#home = home;
  }

  async start(process: ContainerProcess, scope: Scope): Promise<RunningProcess> {
    const whole = { ...scope, signal: AbortSignal.any([scope.signal, this.#scope.signal, this.#closing.signal]) };
    throwIfCancelled(whole);
    const first = this.#live === undefined;
    this.#live ??= this.#begin(process);
    const live = await this.#live;
    if (live.over) throw new CooperError("executor/start-failed", "container has stopped");
    const orderFile = this.#writeOrder(process, live, this.#exits.length);
    const io = openIo(process);
    const launched = this.#launch(orderFile, live, io, whole);
    const running = this.#running(launched, io, first ? live.tree : undefined);
    const exit = this.#exitOf(launched, first, live, whole).finally(() => rmSync(orderFile, { force: true }));
    exit.catch(() => {});
    this.#exits.push(exit.catch(() => {}));
    await launched.entered;
    if (first) this.#watchMemory();
    return { ...running, exit };
  }

  placeOf(source: string): string {
    return this.#tree?.placeOf(source) ?? source;
  }

  async #begin(process: ContainerProcess): Promise<Live> {
    const network = await stepNetwork(this.#spec, this.#home.networkMode);
    try {
      const { cpus, missing } = looseLimits(this.#spec.limits, "chroot", true);
      for (const sentence of missing) this.#scope.log(sentence);
      const tree = prepareTree({ ...process, ...this.#spec }, this.#home.aside, this.#home.dns);
      this.#tree = tree;
      return { tree, network, cpus, over: false };
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  #writeOrder(process: ContainerProcess, { network, cpus }: Live, number: number): string {
    const step = { ...process, ...this.#spec };
    const user = lookupUser(step.rootfs, step.user);
    ensureWorkingDir(step.rootfs, step.cwd, user);
    const terminal = process.terminal !== undefined;
    const order = launchOrder(step, user, this.#home.cookie, cpus, { terminal, network: network.order });
    const file = `${this.#home.files}-${number}.json`;
    writeFileSync(file, JSON.stringify(order), { mode: 0o600 });
    return file;
  }

  #launch(orderFile: string, { network }: Live, io: ProcessIo, scope: Scope): Launch {
    try {
      return launch(orderFile, network.via, io.targets, scope);
    } catch (error) {
      io.destroy();
      rmSync(orderFile, { force: true });
      throw error;
    } finally {
      io.closeTargets();
    }
  }

  /** `tree`: what is written to its pipes (`/dev/stdout`) is this process's output. */
  #running(launched: Launch, io: ProcessIo, tree: PreparedTree | undefined): Omit<RunningProcess, "exit"> {
    const { stdout: out, stderr: err } = tree?.pipes ?? {};
    const own = { stdout: io.stdout, stderr: io.stderr };
    if (out !== undefined) own.stdout = this.#joined(io.stdout, out);
    if (err !== undefined) {
      if (io.stderr === undefined) own.stdout = this.#joined(own.stdout, err);
      else own.stderr = this.#joined(io.stderr, err);
    }
    let ended = false;
    launched.exited.then(
      () => (ended = true),
      () => (ended = true),
    );
    return {
      ...own,
      stdin: io.stdin,
      signal: (name) => {
        const number = signalNumber(name);
        void launched.entered.then(() => launched.kill(number));
      },
      resize: (size) => {
        if (!ended) io.resize(size);
      },
    };
  }

  #joined(own: RunningProcess["stdout"], path: string): RunningProcess["stdout"] {
    const joined = joinNamedPipe(own, path);
    this.#pipes.push(joined);
    return joined.stream;
  }

  #watchMemory(): void {
    const { memoryBytes } = this.#spec.limits ?? {};
    if (memoryBytes !== undefined) this.#watch = watchMemory(this.#home.cookie, memoryBytes);
  }

  async #exitOf(launched: Launch, first: boolean, live: Live, scope: Scope): Promise<StepResult> {
    const outcome = await launched.exited;
    if (first) await this.#end(live);
    throwIfCancelled(scope);
    const result = launchResult(outcome, this.#spec.rootfs);
    const { memoryBytes } = this.#spec.limits ?? {};
    const killed = first && memoryBytes !== undefined && this.#watch?.stop() === true;
    return killed ? { ...result, oomKilledAt: memoryBytes } : result;
  }

  /** All that runs is killed, and nothing more is written to the tree's pipes. */
  async #end(live: Live): Promise<void> {
    live.over = true;
    this.#watch?.stop();
    await endProcesses(this.#home.cookie);
    for (const pipe of this.#pipes.splice(0)) pipe.letGo();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new CooperError("executor/cancelled", "container released"));
    const live = await this.#live?.catch(() => undefined);
    if (live === undefined) return;
    await this.#end(live);
    await Promise.all(this.#exits);
    await live.network[Symbol.asyncDispose]();
    live.tree[Symbol.dispose]();
  }
}

function openIo(process: ContainerProcess): ProcessIo {
  try {
    return processIo(process, "cooked");
  } catch (cause) {
    if (process.terminal === undefined) throw cause;
    throw new CooperError("executor/no-permission", `cannot make a terminal: ${messageOf(cause)}`, {
      cause,
      hint: "a terminal needs /dev/ptmx and /dev/pts in this container, which runtimes put there; start the process without one",
    });
  }
}

function throwIfCancelled(scope: Scope): void {
  if (!scope.signal.aborted) return;
  throw new CooperError("executor/cancelled", "cannot finish the process: cancelled", { cause: scope.signal.reason });
}
