import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CooperError, type Scope } from "../../kit/index.ts";
import type { Container, Executor, Step, StepOutput, StepResult } from "../contract.ts";
import { type MemoryWatch, watchMemory } from "../limits/memory-watch.ts";
import { looseLimits } from "../limits/without-cgroups.ts";
import { StepCookies } from "../processes/cookie.ts";
import { startCookieWatchdog } from "../processes/cookie-watchdog.ts";
import { endProcesses } from "../processes/end-processes.ts";
import type { DnsOptions } from "../rootfs/network-files.ts";
import { noExecHint } from "../rootfs/no-exec-hint.ts";
import { ownerName } from "../runtime/owner.ts";
import { killedHint, processesHint, wasKilled } from "../runtime/start-failure.ts";
import { cookieFile, sweepDeadOwners } from "../runtime/sweep.ts";
import { type LaunchOutcome, launch } from "./launcher.ts";
import { launchOrder } from "./make-order.ts";
import { readNamedPipe } from "./named-output.ts";
import type { LaunchOrder } from "./order.ts";
import { type PreparedTree, prepareTree } from "./prepare-tree.ts";

export interface ChrootOptions {
  /** A folder of the executor's own, the same for all processes that work on one root. */
  readonly stateDir: string;
  /** `none`: steps ask for a network of their own, which they cannot get here. */
  readonly networkMode: string;
  readonly dns?: DnsOptions;
}

/**
 * Runs a step in its tree with chroot(2) alone: no namespace, no mount, no cgroup, no filter of its own. For root with a container's
 * default capabilities. It separates files, and nothing else: the log says so.
 */
export class ChrootExecutor implements Executor {
  readonly description = "chroot";
  readonly movesMounts = true;
  readonly #options: ChrootOptions;
  readonly #ownerFolder: string;
  readonly #cookies = new StepCookies();
  #watchdog: { stop: () => void } | undefined;
  #sweep: Promise<void> = Promise.resolve();
  #steps = 0;

  constructor(options: ChrootOptions) {
    this.#options = options;
    this.#ownerFolder = join(options.stateDir, ownerName());
  }

  async run(step: Step, output: StepOutput, scope: Scope): Promise<StepResult> {
    throwIfCancelled(scope);
    refuseWhatIsMissing(step, this.#options.networkMode);
    this.#onFirstStart();
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
    const order = launchOrder(step, tree.user, cookie, limits.cpus);
    const outcome = await this.#runIn(tree, order, cookie, onEntered, output, scope).finally(() => watch?.stop());
    throwIfCancelled(scope);
    const result = resultOf(outcome, step, output);
    return watch?.stop() === true && memoryBytes !== undefined ? { ...result, oomKilledAt: memoryBytes } : result;
  }

  /** Nothing of the step runs any more when it returns, whatever happened. */
  async #runIn(
    tree: PreparedTree,
    order: LaunchOrder,
    cookie: string,
    onEntered: () => void,
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
      const launched = launch(orderFile, output, scope);
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

  async open(): Promise<Container> {
    throw new CooperError("executor/not-supported", 'cannot open a container: isolation "chroot" has none', {
      hint: namespacesHint,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sweep;
    if (this.#watchdog === undefined) return;
    this.#watchdog.stop();
    rmSync(this.#ownerFolder, { recursive: true, force: true });
  }
}

const namespacesHint =
  "that needs namespaces: in a pod, securityContext.privileged: true, or uid 1000 with seccompProfile.type: Unconfined (docs/isolation.md)";

function refuseWhatIsMissing(step: Step, networkMode: string): void {
  if (step.network !== "none" && !(step.network === "sandbox" && networkMode === "none")) return;
  throw new CooperError(
    "executor/no-namespaces",
    'cannot run the step without network: isolation "chroot" has no namespaces',
    {
      hint: namespacesHint,
    },
  );
}

/** The step's own mistake goes to its output, too, where a runtime would have told it. */
function resultOf(outcome: LaunchOutcome, step: Step, output: StepOutput): StepResult {
  if (outcome.kind === "exited") return { exitCode: outcome.code };
  const { message, stepsFault } = outcome.failure;
  if (stepsFault) {
    output(2, Buffer.from(`${message}\n`));
    throw new CooperError("executor/start-failed", message, { hint: noExecHint(step.rootfs, message) });
  }
  throw new CooperError("executor/no-permission", `cannot start the step with chroot: ${message}`, {
    hint: hintFor(message),
  });
}

function hintFor(message: string): string {
  if (message.startsWith("set a resource limit")) return limitHint;
  if (/\bEAGAIN\b/.test(message)) return processesHint;
  if (wasKilled(message)) return killedHint;
  return "isolation chroot needs root with a container's default capabilities (CHOWN, SETUID, SETGID, SYS_CHROOT, …): drop none of them in the pod's securityContext, or grant more (docs/isolation.md)";
}

const limitHint =
  "raising a limit above this process's own hard limit needs CAP_SYS_RESOURCE; ask for a lower --ulimit or grant it";

function throwIfCancelled(scope: Scope): void {
  if (!scope.signal.aborted) return;
  throw new CooperError("executor/cancelled", "cannot finish the step: cancelled", { cause: scope.signal.reason });
}
