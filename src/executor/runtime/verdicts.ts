import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { bootId } from "../../sys/index.ts";
import type { Runtime } from "./find.ts";

/** What is known of a runtime on this machine: it has started a container here, it could not, or nobody tried. */
export type Verdict = "works" | "fails" | "unknown";

/**
 * Remembers, in one small file, which runtimes were seen to work since the machine booted, so that later builds do not find out
 * again. A verdict is for one version of the program; losing the file costs nothing but that.
 */
export class Verdicts {
  readonly #file: string;
  readonly #ownFolder: string;
  readonly #bootId: string;
  #known: Record<string, Verdict> | undefined;

  /** `ownFolder`: beside the file or below, this process's alone, and removed by others when this process dies: new files are written there first. */
  constructor(file: string, ownFolder: string) {
    this.#file = file;
    this.#ownFolder = ownFolder;
    this.#bootId = bootId();
  }

  of(runtime: Runtime): Verdict {
    return this.#load()[this.#key(runtime)] ?? "unknown";
  }

  remember(runtime: Runtime, verdict: Verdict): void {
    if (this.of(runtime) === verdict) return;
    this.#known = undefined;
    const known = { ...this.#load(), [this.#key(runtime)]: verdict };
    this.#known = known;
    try {
      for (const folder of [dirname(this.#file), this.#ownFolder]) mkdirSync(folder, { recursive: true });
      const temporary = join(this.#ownFolder, basename(this.#file));
      writeFileSync(temporary, JSON.stringify(known));
      renameSync(temporary, this.#file);
    } catch {
      // Only a memory; the next build finds out again.
    }
  }

  #key(runtime: Runtime): string {
    return `${this.#bootId} ${runtime.path} ${runtime.version}`;
  }

  #load(): Record<string, Verdict> {
    this.#known ??= parseVerdicts(readText(this.#file), this.#bootId);
    return this.#known;
  }
}

function parseVerdicts(text: string, bootId: string): Record<string, Verdict> {
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, unknown>);
    const current = entries.filter(
      ([key, value]) => key.startsWith(bootId) && (value === "works" || value === "fails"),
    );
    return Object.fromEntries(current) as Record<string, Verdict>;
  } catch {
    return {};
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
