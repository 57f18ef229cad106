import { CooperError, isCooperError, messageOf, type Scope, sleep } from "../../kit/index.ts";
import type { ImageRoot, PodContainer } from "../contract.ts";
import { waitUntilUp } from "./probe.ts";
import { type LiveContainer, type PodHome, startContainer } from "./run-container.ts";
import { stopWhenSick } from "./stop-when-sick.ts";

const firstPause = 1000;
const longestPause = 60_000;
/** How often one is started that does not come up. A kubelet never gives up; who sits in front of it does. */
const mostStarts = 3;

/** A native sidecar: runs until it is stopped, and is started again whenever it ends by itself. */
export class Sidecar {
  readonly name: string;
  readonly #stopping = new AbortController();
  readonly #keeping: Promise<void>;
  #live: LiveContainer;

  private constructor(container: PodContainer, image: ImageRoot, live: LiveContainer, home: PodHome, scope: Scope) {
    this.name = container.name;
    this.#live = live;
    this.#keeping = this.#keep(container, image, home, scope);
  }

  /**
   * Resolves when it is up. As on a cluster, one that ends or fails its startup probe before is started again, after a pause, though not for ever.
   * `waiting`: ends the waiting, too. Throws `pod/not-up`, what starting a container throws, and the reason of `waiting`.
   */
  static async start(
    container: PodContainer,
    image: ImageRoot,
    home: PodHome,
    scope: Scope,
    waiting: Scope = scope,
  ): Promise<Sidecar> {
    const { signal } = waiting;
    for (let starts = 1, pause = firstPause; ; starts++, pause *= 2) {
      const live = await startContainer(container, image, home, scope);
      home.around.event({ kind: "started", container: container.name, role: "sidecar" });
      try {
        await comeUp(container, live, waiting);
        signal.throwIfAborted();
        stopWhenSick(container, live, home, scope, true);
        return new Sidecar(container, image, live, home, scope);
      } catch (error) {
        await live.stop(home.graceSeconds);
        await live[Symbol.asyncDispose]();
        signal.throwIfAborted();
        if (!isCooperError(error, "pod/not-up") || starts === mostStarts) throw error;
        home.around.event({ kind: "warning", text: `${error.message}: starting it again` });
      }
      await sleep(pause, signal);
    }
  }

  async #keep(container: PodContainer, image: ImageRoot, home: PodHome, scope: Scope): Promise<void> {
    for (let pause = firstPause; ; pause = Math.min(longestPause, pause * 2)) {
      const end = await this.#live.end.catch(() => undefined);
      await this.#live[Symbol.asyncDispose]();
      const exitCode = end?.exitCode ?? -1;
      home.around.event({ kind: "ended", container: container.name, role: "sidecar", exitCode });
      if (this.#isStopping(scope)) return;
      home.around.event({
        kind: "warning",
        text: `sidecar ${this.name} ended with exit code ${exitCode}: starting it again`,
      });
      await sleep(pause, AbortSignal.any([this.#stopping.signal, scope.signal])).catch(() => {});
      if (this.#isStopping(scope)) return;
      try {
        this.#live = await startContainer(container, image, home, scope);
        home.around.event({ kind: "started", container: container.name, role: "sidecar" });
        stopWhenSick(container, this.#live, home, scope, false);
        // The pod came to its end while this one was on its way.
        if (this.#isStopping(scope)) void this.#live.stop(home.graceSeconds);
      } catch (error) {
        home.around.event({ kind: "warning", text: `sidecar ${this.name} does not start again: ${messageOf(error)}` });
        return;
      }
    }
  }

  #isStopping(scope: Scope): boolean {
    return this.#stopping.signal.aborted || scope.signal.aborted;
  }

  async stop(graceSeconds: number): Promise<void> {
    this.#stopping.abort();
    await this.#live.stop(graceSeconds);
    await this.#keeping;
  }
}

async function comeUp(container: PodContainer, live: LiveContainer, scope: Scope): Promise<void> {
  const trouble = await live.hooked;
  if (trouble !== undefined) {
    throw new CooperError("pod/not-up", `sidecar ${JSON.stringify(container.name)} did not come up: ${trouble}`);
  }
  await waitUntilUp(container, live, scope);
}
