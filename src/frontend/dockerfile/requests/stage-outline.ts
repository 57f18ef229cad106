import type { Location } from "../parse/index.ts";
import type { Outline, OutlineArg, OutlineMount } from "./outline.ts";

/** What the conversion noted of a stage. A stage begins with what its base stage has noted. */
export interface OutlineNotes {
  /** Arguments that the stage knows, by name. */
  readonly allArgs: ReadonlyMap<string, ArgNote>;
  readonly usedArgs: ReadonlySet<string>;
  readonly secrets: ReadonlyMap<string, MountNote>;
  readonly ssh: ReadonlyMap<string, MountNote>;
}
interface ArgNote {
  readonly definition: { readonly key: string; readonly docComment: string };
  readonly value: string;
  /** Names of the arguments that its value was made of. */
  readonly deps: ReadonlySet<string>;
  readonly location: Location;
}
interface MountNote {
  readonly required: boolean;
  readonly location: Location;
}

/** The part of a converted stage that an outline needs. */
export interface OutlineStage {
  readonly stage: { readonly stageName: string; readonly docComment: string };
  readonly outline: OutlineNotes;
  readonly base: OutlineStage | undefined;
  /** Stages whose files it takes. */
  readonly uses: ReadonlyMap<OutlineStage, unknown>;
}

/**
 * The outline of a target: what it and the stages it needs take, each name once (the nearest stage wins), by line.
 * Visits each stage once.
 */
export function outlineOf(target: OutlineStage): Outline {
  const args = new Map<string, OutlineArg>();
  const secrets = new Map<string, OutlineMount>();
  const ssh = new Map<string, OutlineMount>();
  for (const { outline } of neededStages(target)) {
    collectArgs(outline, args);
    collectMounts(outline.secrets, secrets);
    collectMounts(outline.ssh, ssh);
  }
  const { stageName: name, docComment: description } = target.stage;
  return { name, description, args: byLine(args), secrets: byLine(secrets), ssh: byLine(ssh) };
}

/** The target first, then its bases and what each takes files from; no recursion, chains may be long. */
function neededStages(target: OutlineStage): Set<OutlineStage> {
  const reached = new Set<OutlineStage>();
  const open = [target];
  for (let stage = open.pop(); stage !== undefined; stage = open.pop()) {
    if (reached.has(stage)) continue;
    reached.add(stage);
    open.push(...[...stage.uses.keys()].reverse());
    if (stage.base !== undefined) open.push(stage.base);
  }
  return reached;
}

function collectArgs({ allArgs, usedArgs }: OutlineNotes, into: Map<string, OutlineArg>): void {
  for (const name of withDependencies(usedArgs, allArgs)) {
    const note = allArgs.get(name);
    if (note === undefined || into.has(name)) continue;
    const { value, location, definition } = note;
    into.set(name, { name: definition.key, description: definition.docComment, value, location });
  }
}

function withDependencies(names: ReadonlySet<string>, notes: ReadonlyMap<string, ArgNote>): Set<string> {
  const found = new Set<string>(names);
  // A set visits what is added to it on the way.
  for (const name of found) for (const dependency of notes.get(name)?.deps ?? []) found.add(dependency);
  return found;
}

function collectMounts(notes: ReadonlyMap<string, MountNote>, into: Map<string, OutlineMount>): void {
  for (const [name, { required, location }] of notes) {
    if (!into.has(name)) into.set(name, { name, required, location });
  }
}

function byLine<T extends { readonly location: Location }>(found: ReadonlyMap<string, T>): T[] {
  const line = ({ location }: T) => location[0]?.start.line ?? 0;
  return [...found.values()].sort((a, b) => line(a) - line(b));
}
