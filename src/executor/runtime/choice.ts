import { findRuntimes, type Runtime } from "./find.ts";
import { Verdicts } from "./verdicts.ts";

/** Where a runtime is to run. */
export interface RuntimePlace {
  /** In a user namespace, without control groups to give. */
  readonly namespaced: boolean;
  /** Under a seccomp filter. */
  readonly filtered: boolean;
}
const machine: RuntimePlace = { namespaced: false, filtered: false };

/** Which runtime to use: the first installed one that is not known to fail on this machine. Looks for them when first asked. */
export class RuntimeChoice {
  readonly #binary: string;
  readonly #place: () => RuntimePlace;
  readonly #verdicts: Verdicts;
  #installed: readonly Runtime[] | undefined;
  #failed: Runtime | undefined;

  /** What is known of them is in `memoryFile`; `ownFolder` as of `Verdicts`. */
  constructor(binary: string, memoryFile: string, ownFolder: string, place: () => RuntimePlace = () => machine) {
    this.#binary = binary;
    this.#place = place;
    this.#verdicts = new Verdicts(memoryFile, ownFolder);
  }

  /** Those worth trying, best first: not the ones known to fail, unless all are. Throws `executor/no-runtime`. */
  candidates(): readonly Runtime[] {
    this.#installed ??= findRuntimes(this.#binary).map((runtime) => this.#withFlags(runtime));
    const hopeful = this.#installed.filter((runtime) => this.#verdicts.of(runtime) !== "fails");
    return hopeful.length > 0 ? hopeful : this.#installed;
  }

  #withFlags(runtime: Runtime): Runtime {
    const { namespaced, filtered } = this.#place();
    // Filters like containerd's default one refuse new keyrings.
    const runFlags = filtered ? ["--no-new-keyring"] : [];
    // runc notices by itself that it may make no control groups.
    const flags = runtime.name === "crun" && namespaced ? ["--cgroup-manager=disabled"] : [];
    return { ...runtime, flags, runFlags };
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
