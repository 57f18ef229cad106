import { CooperError } from "../../../kit/index.ts";
import { cloneOutline, type StageState } from "./stage.ts";

/** The stages of one conversion, in order, found by name or number. */
export class Stages {
  readonly all: StageState[] = [];
  readonly #byName = new Map<string, StageState>();

  /** Adds a stage; one whose base name is exactly that of an earlier one builds on it. A later stage takes over its name. */
  add(stage: StageState): void {
    this.all.push(stage);
    const base = this.#byName.get(stage.baseName);
    if (base !== undefined) {
      stage.base = base;
      stage.outline = cloneOutline(base.outline);
    }
    if (stage.stage.stageName !== "") this.#byName.set(stage.stage.stageName.toLowerCase(), stage);
  }

  byName(name: string): StageState | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  /** Throws `invalid stage index …`. */
  byIndex(index: number): StageState {
    const stage = this.all[index];
    if (stage === undefined) throw new CooperError("dockerfile/unknown-stage", `invalid stage index ${index}`);
    return stage;
  }

  /** Names to suggest. */
  names(): string[] {
    return this.all.map(({ displayName }) => displayName).filter((name) => name !== "");
  }
}

/** The stage and all that it needs. */
export function reachableFrom(target: StageState): Set<StageState> {
  const reached = new Set<StageState>();
  const open = [target];
  for (let stage = open.pop(); stage !== undefined; stage = open.pop()) {
    if (reached.has(stage)) continue;
    reached.add(stage);
    if (stage.base !== undefined) open.push(stage.base);
    open.push(...stage.uses.keys());
  }
  return reached;
}
