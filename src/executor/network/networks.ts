import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Log, messageOf } from "../../kit/index.ts";
import { removeBridge } from "../../sys/index.ts";
import type { Watchdog } from "../processes/watchdog-process.ts";
import { ownerName } from "../runtime/owner.ts";
import { aloneInNetwork } from "./alone.ts";
import { startNetworkWatchdog, sweepNetworks } from "./network-watchdog.ts";
import type { NetworkPlan } from "./settings.ts";
import { makeStepNetwork, type StepNetwork } from "./step-network.ts";

/** Networks that were ready for longer are looked at before a step gets them, in milliseconds. */
const freshFor = 60_000;

/**
 * Makes networks for steps, and keeps some ready. None is used twice. Nothing is made before the first is wanted. Disposal follows when all that were taken
 * have been disposed of, and leaves nothing.
 */
export class StepNetworks implements AsyncDisposable {
  readonly #plan: NetworkPlan;
  readonly #folder: string;
  readonly #ownerFolder: string;
  readonly #log: Log;
  readonly #ready: { readonly network: StepNetwork; readonly since: number }[] = [];
  #filling: Promise<void> = Promise.resolve();
  #sweep: Promise<void> = Promise.resolve();
  #first: Promise<void> | undefined;
  #watchdog: Watchdog | undefined;
  #ownBridge = false;
  #closed = false;

  /** `folder`: the same for all builders on one root. */
  constructor(plan: NetworkPlan, folder: string, log: Log) {
    this.#plan = plan;
    this.#folder = folder;
    this.#ownerFolder = join(folder, ownerName());
    this.#log = log;
  }

  /** One for a step with that host name; plugins hear of it when it is not empty. Throws `executor/network-failed`. */
  async take(hostname: string): Promise<StepNetwork> {
    this.#begin();
    const network = hostname === "" ? await this.#takeReady() : undefined;
    this.#fill();
    return network ?? (await this.#make(hostname));
  }

  /** The first one alone: plugins that find nothing make bridges and chains of rules that others share, and fail when they do it at once. */
  async #make(hostname: string): Promise<StepNetwork> {
    const make = () => makeStepNetwork(this.#plan, this.#ownerFolder, hostname);
    if (this.#first !== undefined) {
      await this.#first;
      return make();
    }
    const { bridge } = this.#plan;
    const making = aloneInNetwork(() => {
      this.#ownBridge = bridge !== undefined && !interfaceExists(bridge);
      return make();
    });
    this.#first = making.then(
      () => {},
      () => {},
    );
    return making;
  }

  #begin(): void {
    if (this.#watchdog !== undefined) return;
    mkdirSync(this.#ownerFolder, { recursive: true, mode: 0o700 });
    this.#watchdog = startNetworkWatchdog(this.#ownerFolder);
    this.#sweep = sweepNetworks(this.#folder);
  }

  async #takeReady(): Promise<StepNetwork | undefined> {
    for (let next = this.#ready.shift(); next !== undefined; next = this.#ready.shift()) {
      const { network, since } = next;
      if (Date.now() - since < freshFor) return network;
      try {
        await network.check();
        return network;
      } catch (error) {
        this.#log(`a network that was kept ready is broken: ${messageOf(error)}`);
        await this.#drop(network);
      }
    }
    return undefined;
  }

  /** One after the other: plugins wait for each other anyway. */
  #fill(): void {
    const missing = () => !this.#closed && this.#ready.length < this.#plan.poolSize;
    this.#filling = this.#filling.then(async () => {
      try {
        while (missing()) this.#ready.push({ network: await this.#make(""), since: Date.now() });
      } catch (error) {
        this.#log(`cannot keep networks ready: ${messageOf(error)}`);
      }
    });
  }

  async #drop(network: StepNetwork): Promise<void> {
    await network[Symbol.asyncDispose]().catch((error: unknown) =>
      this.#log(`cannot release a network: ${messageOf(error)}`),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#filling;
    await Promise.all(this.#ready.splice(0).map(({ network }) => this.#drop(network)));
    await this.#sweep;
    if (this.#watchdog === undefined) return;
    await this.#watchdog.stop();
    rmSync(this.#ownerFolder, { recursive: true, force: true });
    const { bridge } = this.#plan;
    if (bridge === undefined || !this.#ownBridge) return;
    try {
      await aloneInNetwork(async () => removeBridge(bridge));
    } catch (error) {
      this.#log(`failed to remove bridge ${JSON.stringify(bridge)}: ${messageOf(error)}`);
    }
  }
}

function interfaceExists(name: string): boolean {
  const lines = readFileSync("/proc/self/net/dev", "utf8").split("\n");
  return lines.some((line) => line.trim().startsWith(`${name}:`));
}
