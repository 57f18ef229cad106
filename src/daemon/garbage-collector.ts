import { collectGarbage, type GcPolicy, type Housekeeping } from "../engine/index.ts";
import { messageOf, type Scope } from "../kit/index.ts";

/** In milliseconds: after a build, and between two collections. */
export interface Pauses {
  readonly afterBuild: number;
  readonly between: number;
}
const upstreamPauses: Pauses = { afterBuild: 1000, between: 60_000 };

/** Runs the policies a moment after builds, and not more than once a minute. */
export class GarbageCollector {
  readonly #work: () => Promise<void>;
  readonly #idle: boolean;
  readonly #log: Scope["log"];
  readonly #pauses: Pauses;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #next = 0;

  constructor(
    housekeeping: Pick<Housekeeping, "prune"> | undefined,
    policies: readonly GcPolicy[],
    scope: Scope,
    pauses = upstreamPauses,
  ) {
    this.#pauses = pauses;
    this.#idle = housekeeping === undefined || policies.length === 0;
    this.#work = async () => {
      if (housekeeping === undefined) return;
      const freed = await collectGarbage(housekeeping, policies, scope);
      if (freed > 0) scope.log(`gc cleaned up ${freed} bytes`);
    };
    scope.signal.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
    this.#log = scope.log;
  }

  /** A build has ended; the next collection is due. */
  buildEnded(): void {
    if (this.#idle || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#run(), Math.max(this.#pauses.afterBuild, this.#next - Date.now()));
    this.#timer.unref();
  }

  /** Resolves when none is under way, and starts none any more. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running;
  }

  #run(): void {
    this.#timer = undefined;
    this.#next = Date.now() + this.#pauses.between;
    this.#running = this.#work().catch((error: unknown) => this.#log(`gc error: ${messageOf(error)}`));
  }
}
