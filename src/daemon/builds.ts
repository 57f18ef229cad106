import type { BuildResponse, GatewayBridge, OwnFrontend, SolveStatus } from "../engine/index.ts";
import { Code, rpcError } from "../grpc/index.ts";
import { Bell, raceSignal } from "../kit/index.ts";

type FrontendResult = Awaited<ReturnType<OwnFrontend>>;

/** How long a call may wait for the build that it is about: clients start them all at once. */
const patience = 6000;
/** So many finished builds can still be asked for their progress. */
const remembered = 10;

/** One build, between the calls that are about it: progress for all who listen, and the gateway while its client is the frontend. */
export class Build {
  readonly ref: string;
  /** Everything told so far: who comes late hears it all. */
  readonly #told: SolveStatus[] = [];
  #ended = false;
  readonly #news = new Bell();
  readonly #bridge = Promise.withResolvers<GatewayBridge>();
  readonly #result = Promise.withResolvers<FrontendResult>();

  constructor(ref: string) {
    this.ref = ref;
    this.#bridge.promise.catch(() => {});
    this.#result.promise.catch(() => {});
  }

  /** All progress until now. */
  get told(): readonly SolveStatus[] {
    return this.#told;
  }

  get ended(): boolean {
    return this.#ended;
  }

  tell(status: SolveStatus): void {
    this.#told.push(status);
    this.#news.ring();
  }

  end(): void {
    this.#ended = true;
    this.#bridge.reject(rpcError(Code.NOT_FOUND, `no such job ${this.ref}`));
    this.#news.ring();
  }

  /** All progress from the beginning, until the build has ended. */
  async *progress(signal: AbortSignal): AsyncGenerator<SolveStatus, void> {
    for (let at = 0; ; ) {
      while (at < this.#told.length) yield this.#told[at++] as SolveStatus;
      if (this.#ended) return;
      await this.#news.next(signal);
    }
  }

  /** The frontend of a build whose client runs it: opens the gateway, and waits for what it returns. */
  readonly frontend: OwnFrontend = (bridge, scope) => {
    this.#bridge.resolve(bridge);
    return raceSignal(this.#result.promise, scope.signal);
  };

  bridge(signal: AbortSignal): Promise<GatewayBridge> {
    return raceSignal(this.#bridge.promise, signal);
  }

  returns(result: FrontendResult): void {
    this.#result.resolve(result);
  }

  fails(error: unknown): void {
    this.#result.reject(error);
  }
}

/** The builds of a daemon by ref. */
export class Builds {
  readonly #builds = new Map<string, Build>();
  readonly #finished: string[] = [];
  readonly #arrival = new Bell();
  readonly #idle: () => void;
  #running = 0;

  /** `idle`: no build runs any more. */
  constructor(idle: () => void) {
    this.#idle = idle;
  }

  get running(): number {
    return this.#running;
  }

  isRunning(ref: string): boolean {
    return this.#builds.get(ref)?.ended === false;
  }

  /** Runs a build under its name. Throws ALREADY_EXISTS. */
  async run(ref: string, work: (build: Build) => Promise<BuildResponse>): Promise<BuildResponse> {
    const old = this.#builds.get(ref);
    if (old !== undefined && !old.ended) throw rpcError(Code.ALREADY_EXISTS, `job ID ${ref} exists`);
    const build = new Build(ref);
    this.#builds.set(ref, build);
    this.#running++;
    this.#arrival.ring();
    try {
      return await work(build);
    } finally {
      build.end();
      this.#forget(ref);
      if (--this.#running === 0) this.#idle();
    }
  }

  /** The build of that name, which may be about to begin. Throws NOT_FOUND. */
  async find(ref: string, signal: AbortSignal): Promise<Build> {
    const late = AbortSignal.timeout(patience);
    const waiting = AbortSignal.any([signal, late]);
    for (;;) {
      const build = this.#builds.get(ref);
      if (build !== undefined) return build;
      try {
        await this.#arrival.next(waiting);
      } catch (error) {
        if (signal.aborted) throw error;
        throw rpcError(Code.NOT_FOUND, `no such job ${ref}`);
      }
    }
  }

  #forget(ref: string): void {
    this.#finished.push(ref);
    if (this.#finished.length <= remembered) return;
    const oldest = this.#finished.shift() ?? "";
    if (this.#builds.get(oldest)?.ended) this.#builds.delete(oldest);
  }
}
