import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CooperError, type Scope } from "../../kit/index.ts";
import { Capability, hasCapability, processRights } from "../../sys/index.ts";
import type { Container, ContainerSpec, Executor, Step, StepOutput, StepResult } from "../contract.ts";
import { type MemoryWatch, watchMemory } from "../limits/memory-watch.ts";
import { looseLimits } from "../limits/without-cgroups.ts";
import { StepCookies } from "../processes/cookie.ts";
import { startCookieWatchdog } from "../processes/cookie-watchdog.ts";
import { endProcesses } from "../processes/end-processes.ts";
import type { Watchdog } from "../processes/watchdog-process.ts";
import type { DnsOptions } from "../rootfs/network-files.ts";
import { ownerName } from "../runtime/owner.ts";
import { cookieFile, sweepDeadOwners } from "../runtime/sweep.ts";
import { type LaunchOutcome, launchStep, type Via } from "./launcher.ts";
import { launchOrder } from "./make-order.ts";
import { readNamedPipe } from "./named-output.ts";
import { stepNetwork } from "./no-network.ts";
import type { LaunchOrder } from "./order.ts";
import { type PreparedTree, prepareTree } from "./prepare-tree.ts";
import { launchResult } from "./result.ts";

export interface ChrootOptions {
  /** A folder of the executor's own, the same for all processes that work on one root. */
  readonly stateDir: string;
  /** `none`: steps that do not say otherwise get no network. */
  readonly networkMode: string;
  readonly dns?: DnsOptions;
}

/** A step that is about to begin. */
interface Starting {
  readonly tree: PreparedTree;
  readonly order: LaunchOrder;
  readonly cookie: string;
  readonly via: Via;
  readonly onEntered: () => void;
}

/**
 * Runs a step in its tree with chroot(2) alone: no namespace (but a network's, where a step is to have none and one can be made), no mount, no
 * cgroup, no filter of its own. For root with a container's default capabilities. It separates files, and nothing else: the log says so.
 */
export class ChrootExecutor implements Executor {
  readonly description = "chroot";
  readonly movesMounts = true;
  /** Joining takes the right to make one. */
  readonly joinsNetworks = hasCapability(processRights(), Capability.sysAdmin);
  readonly #options: ChrootOptions;
  readonly #ownerFolder: string;
  readonly #cookies = new StepCookies();
  #watchdog: Watchdog | undefined;
  #sweep: Promise<void> = Promise.resolve();
  #steps = 0;

  constructor(options: ChrootOptions) {
    this.#options = options;
    this.#ownerFolder = join(options.stateDir, ownerName());
  }

  async run(step: Step, output: StepOutput, scope: Scope): Promise<StepResult> {
    throwIfCancelled(scope);
    this.#onFirstStart();
    await using network = await stepNetwork(step, this.#options.networkMode);
    const number = this.#steps++;
    const cookie = this.#cookies.next();
    using tree = prepareTree(step, `aside-${number}`, this.#options.dns);
    if (tree.gaps.length > 0) scope.log(`no ${tree.gaps.join(", ")}: devices cannot be made here`);
    const limits = looseLimits(step.limits, this.description, true);
    for (const sentence of limits.missing) output(2, Buffer.from(`WARNING: ${sentence}\n`));
    const { memoryBytes } = limits;
    let watch: MemoryWatch | undefined;
    // Only the step's own memory counts: the launcher takes more than many a limit.
    const onEntered = () => {
      if (memoryBytes !== undefined) watch = watchMemory(cookie, memoryBytes);
    };
    const order = launchOrder(step, tree.user, cookie, limits.cpus, { network: network.order });
    const started = { tree, order, cookie, via: network.via, onEntered };
    const outcome = await this.#runIn(started, output, scope).finally(() => watch?.stop());
    throwIfCancelled(scope);
    const result = resultOf(outcome, step, output);
    return watch?.stop() === true && memoryBytes !== undefined ? { ...result, oomKilledAt: memoryBytes } : result;
  }

  /** Nothing of the step runs any more when it returns, whatever happened. */
  async #runIn(
    { tree, order, cookie, via, onEntered }: Starting,
    output: StepOutput,
    scope: Scope,
  ): Promise<LaunchOutcome> {
    const orderFile = join(this.#ownerFolder, `${cookie}.json`);
    writeFileSync(orderFile, JSON.stringify(order), { mode: 0o600 });
    const { stdout, stderr } = tree.pipes;
    const pipes = [
      ...(stdout === undefined ? [] : [readNamedPipe(stdout, (chunk) => output(1, chunk))]),
      ...(stderr === undefined ? [] : [readNamedPipe(stderr, (chunk) => output(2, chunk))]),
    ];
    try {
      const launched = launchStep(orderFile, via, output, scope);
      try {
        await launched.entered;
        onEntered();
        return await launched.exited;
      } finally {
        await endProcesses(cookie);
        await launched.drained;
      }
    } finally {
      await Promise.all(pipes.map((pipe) => pipe.close()));
      rmSync(orderFile, { force: true });
    }
  }

  /** What only has to be there while steps run. The cookie's file lets a later build end what this one leaves when it is killed. */
  #onFirstStart(): void {
    if (this.#watchdog !== undefined) return;
    mkdirSync(this.#ownerFolder, { recursive: true, mode: 0o700 });
    writeFileSync(join(this.#ownerFolder, cookieFile), this.#cookies.owner);
    this.#watchdog = startCookieWatchdog(this.#cookies.owner, this.#ownerFolder);
    this.#sweep = sweepDeadOwners(this.#options.stateDir).catch(() => {});
  }

  async open(container: ContainerSpec, scope: Scope): Promise<Container> {
    throwIfCancelled(scope);
    this.#onFirstStart();
    const { ChrootContainer } = await import("./chroot-container.ts");
    const cookie = this.#cookies.next();
    return new ChrootContainer(container, scope, {
      aside: `aside-${this.#steps++}`,
      cookie,
      files: join(this.#ownerFolder, cookie),
      networkMode: this.#options.networkMode,
      dns: this.#options.dns,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sweep;
    if (this.#watchdog === undefined) return;
    await this.#watchdog.stop();
    rmSync(this.#ownerFolder, { recursive: true, force: true });
  }
}

/** The step's own mistake goes to its output, too, where a runtime would have told it. */
function resultOf(outcome: LaunchOutcome, { rootfs }: Step, output: StepOutput): StepResult {
  if (outcome.kind === "not-started" && outcome.failure.stepsFault) {
    output(2, Buffer.from(`${outcome.failure.message}\n`));
  }
  return launchResult(outcome, rootfs);
}

function throwIfCancelled(scope: Scope): void {
  if (!scope.signal.aborted) return;
  throw new CooperError("executor/cancelled", "cannot finish the step: cancelled", { cause: scope.signal.reason });
}
