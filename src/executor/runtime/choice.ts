import { findRuntimes, type Runtime } from "./find.ts";
import { Verdicts } from "./verdicts.ts";

/** Which runtime to use: the first installed one that is not known to fail on this machine. Looks for them when first asked. */
export class RuntimeChoice {
  readonly #binary: string;
  readonly #ownCgroups: () => boolean;
  readonly #verdicts: Verdicts;
  #installed: readonly Runtime[] | undefined;
  #failed: Runtime | undefined;

  /** `ownCgroups`: containers get control groups, as a machine's root gives them. */
  constructor(binary: string, memoryFile: string, ownCgroups: () => boolean = () => true) {
    this.#binary = binary;
    this.#ownCgroups = ownCgroups;
    this.#verdicts = new Verdicts(memoryFile);
  }

  /** Those worth trying, best first: not the ones known to fail, unless all are. Throws `executor/no-runtime`. */
  candidates(): readonly Runtime[] {
    this.#installed ??= findRuntimes(this.#binary).map((runtime) => this.#withFlags(runtime));
    const hopeful = this.#installed.filter((runtime) => this.#verdicts.of(runtime) !== "fails");
    return hopeful.length > 0 ? hopeful : this.#installed;
  }

  /** runc notices by itself that it may not make any. */
  #withFlags(runtime: Runtime): Runtime {
    if (runtime.name !== "crun" || this.#ownCgroups()) return runtime;
    return { ...runtime, flags: ["--cgroup-manager=disabled"] };
  }

  /** True when a failure of this runtime leaves nothing better to try. */
  isSure(runtime: Runtime): boolean {
    return this.#verdicts.of(runtime) === "works" || this.candidates().at(-1) === runtime;
  }

  /** It started a container. Only now is one that failed before it known to be the one at fault. */
  worked(runtime: Runtime): void {
    this.#verdicts.remember(runtime, "works");
    if (this.#failed !== undefined && this.#failed.path !== runtime.path)
      this.#verdicts.remember(this.#failed, "fails");
    this.#failed = undefined;
  }

  /** It started nothing; perhaps this machine's fault, perhaps its own. */
  failed(runtime: Runtime): void {
    this.#failed = runtime;
  }
}
