import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CooperError, isCooperError, type Scope } from "../kit/index.ts";
import { processRights } from "../sys/index.ts";
import type { Container, ContainerSpec, Executor, Step, StepOutput, StepResult } from "./contract.ts";
import { withRungHint } from "./isolation/rung-hint.ts";
import { type StepLimits, withDefaultLimits } from "./limits/default-limits.ts";
import { watchMemory } from "./limits/memory-watch.ts";
import { makeRoomForLimits } from "./limits/nested-cgroup.ts";
import { looseLimits } from "./limits/without-cgroups.ts";
import { type NetworkOptions, type NetworkPlan, planNetworks } from "./network/settings.ts";
import { prepareStep } from "./prepare-step.ts";
import type { RungName } from "./probe/rungs.ts";
import { StepCookies } from "./processes/cookie.ts";
import type { Watchdog } from "./processes/watchdog-process.ts";
import type { DnsOptions } from "./rootfs/network-files.ts";
import { RuntimeChoice } from "./runtime/choice.ts";
import { runContainer, startedFile } from "./runtime/container.ts";
import { findRuntimes, type Runtime } from "./runtime/find.ts";
import { HeldOutput } from "./runtime/held-output.ts";
import { ownerName } from "./runtime/owner.ts";
import { startFailure, startFailureIsTheSteps, wasKilled } from "./runtime/start-failure.ts";
import { cookieFile, sweepDeadOwners } from "./runtime/sweep.ts";
import { startWatchdog } from "./runtime/watchdog.ts";
import { type HostFacts, readHostFacts } from "./spec/host-facts.ts";

export interface ExecutorOptions {
  /** Default: `oci`. `rootless` is the same inside of a user namespace, which this process is in already. */
  readonly isolation?: RungName;
  /** A folder of the executor's own, the same for all processes that work on one root. Made when first needed. */
  readonly stateDir: string;
  /** Name or path of the runtime; empty: the first that works of buildkit-runc, runc and crun. */
  readonly binary: string;
  /** `auto`, `cni`, `bridge`, `host` or `none`: what the network mode `sandbox` gives a step. */
  readonly networkMode: string;
  /** For networks of steps' own. */
  readonly networks?: NetworkOptions;
  readonly dns?: DnsOptions;
  /** Where containers' cgroups go when the step does not say. */
  readonly cgroupParent?: string;
  readonly oomScoreAdj?: number;
  /** Why no stronger isolation was taken, for errors. */
  readonly whyNot?: readonly string[];
  /** For steps that say nothing themselves. */
  readonly stepLimits?: StepLimits;
}

/**
 * An executor that starts nothing and touches no file until the first step. Throws `executor/no-runtime` only when a binary was
 * named that is not there, `executor/bad-network-mode`, and `executor/no-cni` for plugins that are missing.
 */
export async function createExecutor(options: ExecutorOptions, scope: Scope): Promise<Executor> {
  const driver = withRungHint(await createDriver(options, scope), options.isolation ?? "oci");
  return options.stepLimits === undefined ? driver : withDefaultLimits(driver, options.stepLimits);
}

async function createDriver(options: ExecutorOptions, scope: Scope): Promise<Executor> {
  const plan = planNetworks(options.networkMode, options.networks);
  scope.log(`executor state in ${options.stateDir}`);
  if (plan !== undefined) return networkedDriver(options, plan, scope);
  if (options.isolation === "chroot") return new (await import("./chroot/chroot-executor.ts")).ChrootExecutor(options);
  if (options.isolation === "no-exec")
    return new (await import("./isolation/no-executor.ts")).NoExecutor(options.whyNot ?? []);
  if (options.binary !== "") findRuntimes(options.binary);
  return new OciExecutor(options);
}

/** Without a way to join networks, one that nobody asked for by name is not missed. */
async function networkedDriver(options: ExecutorOptions, plan: NetworkPlan, scope: Scope): Promise<Executor> {
  const { networkMode, stateDir, isolation = "oci" } = options;
  const driver = await createDriver({ ...options, networkMode: "host" }, scope);
  if (driver.joinsNetworks === true) {
    const { StepNetworks } = await import("./network/networks.ts");
    const { withNetworks } = await import("./network/with-networks.ts");
    return withNetworks(driver, new StepNetworks(plan, join(stateDir, "networks"), scope.log));
  }
  if (networkMode === "auto" || networkMode === "") return driver;
  const sentence = `cannot use network mode ${JSON.stringify(networkMode)} with isolation ${isolation}: steps cannot join networks`;
  throw new CooperError("executor/bad-network-mode", sentence, { hint: "see docs/isolation.md" });
}

class OciExecutor implements Executor {
  readonly #options: ExecutorOptions;
  readonly #ownerFolder: string;
  readonly #choice: RuntimeChoice;
  readonly #cookies = new StepCookies();
  #host: HostFacts | undefined;
  #watchdog: Watchdog | undefined;
  #sweep: Promise<void> = Promise.resolve();
  #steps = 0;
  #madeRoom = false;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#ownerFolder = join(options.stateDir, ownerName());
    const namespaced = () => this.#hostFacts().userNamespace !== undefined;
    const memory = options.isolation === "rootless" ? "runtimes-rootless.json" : "runtimes.json";
    const place = () => ({ namespaced: namespaced(), filtered: processRights().filtered });
    this.#choice = new RuntimeChoice(options.binary, join(options.stateDir, memory), this.#ownerFolder, place);
  }

  readonly joinsNetworks = true;

  get description(): string {
    try {
      const [best] = this.#choice.candidates();
      return best === undefined ? "no OCI runtime" : `${best.name} (${best.path})`;
    } catch {
      return "no OCI runtime";
    }
  }

  async run(step: Step, output: StepOutput, scope: Scope): Promise<StepResult> {
    throwIfCancelled(scope);
    const loose = this.#hostFacts().userNamespace !== undefined;
    const { missing } = loose ? looseLimits(step.limits, "rootless", false) : { missing: this.#roomFor(step) };
    for (const sentence of missing) output(2, Buffer.from(`WARNING: ${sentence}\n`));
    let firstFailure: CooperError | undefined;
    for (const runtime of this.#choice.candidates()) {
      const attempt = await this.#tryWith(runtime, step, output, scope).catch((error: unknown) => {
        // What the preferred one had to say tells more.
        throw firstFailure !== undefined && isTheMachines(error) ? firstFailure : error;
      });
      throwIfCancelled(scope);
      if (!(attempt instanceof CooperError)) return attempt;
      firstFailure ??= attempt;
    }
    throw firstFailure ?? new CooperError("executor/no-runtime", "failed to find runc or crun binary");
  }

  /** Made once, for the first step that has limits. */
  #roomFor({ limits }: Step): readonly string[] {
    if (limits === undefined || Object.keys(limits).length === 0 || this.#madeRoom) return [];
    this.#madeRoom = true;
    const trouble = makeRoomForLimits();
    return trouble === undefined ? [] : [trouble];
  }

  async open(container: ContainerSpec, scope: Scope): Promise<Container> {
    throwIfCancelled(scope);
    const { OciContainer } = await import("./oci-container.ts");
    return new OciContainer(container, scope, {
      choice: this.#choice,
      stepContext: () => this.#stepContext(),
      starting: (runtime) => this.#beforeFirstStart(runtime),
    });
  }

  /** The step's result, or why this runtime could not start it; then another may be tried. Throws when no other would do better. */
  async #tryWith(runtime: Runtime, step: Step, output: StepOutput, scope: Scope): Promise<StepResult | CooperError> {
    const context = this.#stepContext(step.limits?.memoryBytes !== undefined);
    using prepared = prepareStep(step, context);
    const sure = this.#choice.isSure(runtime);
    const held = new HeldOutput(output, startedFile(prepared.bundle));
    if (sure) held.release();
    this.#beforeFirstStart(runtime);
    const running = runContainer(runtime, prepared.bundle, (stream, chunk) => held.write(stream, chunk), scope);
    const limit = step.limits?.memoryBytes;
    const watch = context.cookie !== undefined && limit !== undefined ? watchMemory(context.cookie, limit) : undefined;
    const outcome = await running.finally(() => watch?.stop());
    if (outcome.kind === "exited") {
      held.release();
      this.#choice.worked(runtime);
      const killed = watch?.stop() || outcome.oomKills > 0 || (runtime.name === "crun" && outcome.code === 137);
      return { exitCode: outcome.code, ...(killed && limit !== undefined && { oomKilledAt: limit }) };
    }
    scope.log(`${runtime.path} did not start the step: ${outcome.message}`);
    const stepsFault = startFailureIsTheSteps(outcome.message);
    const killed = wasKilled(outcome.message);
    if (stepsFault) this.#choice.worked(runtime);
    else if (!killed) this.#choice.failed(runtime);
    const failure = startFailure(runtime, outcome.message, this.#host?.capabilities ?? []);
    if (!stepsFault && !killed && !sure) {
      held.drop();
      return failure;
    }
    held.release();
    throwIfCancelled(scope);
    throw failure;
  }

  /** `watched`: the step's memory is to be counted, where there are no control groups. */
  #stepContext(watched = false) {
    const host = this.#hostFacts();
    const namespaced = host.userNamespace;
    const marked = namespaced !== undefined && (watched || !namespaced.proc);
    const cookie = marked ? this.#cookies.next() : undefined;
    return { ...this.#options, host, ownerFolder: this.#ownerFolder, id: this.#nextId(), cookie };
  }

  #hostFacts(): HostFacts {
    this.#host ??= readHostFacts();
    return this.#host;
  }

  /** Unique on this machine, as the cgroup's name is; letters and digits only. */
  #nextId(): string {
    return `cooper${process.pid}x${Date.now().toString(36)}x${this.#steps++}`;
  }

  /** What only has to be there while steps run. The watchdog comes before the first: between the two a kill would leave it behind. */
  #beforeFirstStart(runtime: Runtime): void {
    if (this.#watchdog !== undefined) return;
    this.#watchdog = startWatchdog(runtime, this.#ownerFolder, this.#cookies.owner);
    writeFileSync(join(this.#ownerFolder, cookieFile), this.#cookies.owner);
    this.#sweep = sweepDeadOwners(this.#options.stateDir, runtime).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sweep;
    if (this.#watchdog === undefined) return;
    await this.#watchdog.stop();
    rmSync(this.#ownerFolder, { recursive: true, force: true });
  }
}

/** No step's fault: with `startFailure`'s hint, or for want of a right. */
function isTheMachines(error: unknown): boolean {
  if (isCooperError(error, "executor/no-permission")) return true;
  return isCooperError(error, "executor/start-failed") && error.hint !== undefined;
}

function throwIfCancelled(scope: Scope): void {
  if (!scope.signal.aborted) return;
  throw new CooperError("executor/cancelled", "cannot finish the step: cancelled", { cause: scope.signal.reason });
}
