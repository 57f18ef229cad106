import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, type LabFile } from "./lab.ts";
import { startRegistry, type TestRegistry } from "./registry.ts";

/** What a path of the result must be. A text is a file's content, `null` a path that must not be there. */
export type Held =
  | string
  | null
  | {
      readonly text?: string;
      /** Permission bits. */
      readonly mode?: number;
      /** uid and gid. */
      readonly owner?: readonly [number, number];
      /** Where a symbolic link leads. */
      readonly link?: string;
      /** Names in a directory, sorted. */
      readonly names?: readonly string[];
      /** Modification time in seconds. */
      readonly time?: number;
    };

/** One build and what must come of it. */
export interface Scenario {
  readonly dockerfile: string;
  /** The rest of the context. */
  readonly files?: Readonly<Record<string, LabFile>>;
  /** Makes what `files` cannot say, in the context folder. */
  readonly prepare?: (context: string) => void;
  /** Values of `--opt`. */
  readonly options?: readonly string[];
  /** More words of the command line. */
  readonly args?: readonly string[];
  /** More words of `BUILDKITD_FLAGS`. */
  readonly daemon?: string;
  /** Paths of the resulting tree. */
  readonly holds?: Readonly<Record<string, Held>>;
  /** Parts of the image's config, as of `toMatchObject`. */
  readonly image?: object;
  /** The build must fail, with these in its log. */
  readonly fails?: readonly (string | RegExp)[];
  /** These must be in the log. */
  readonly log?: readonly (string | RegExp)[];
}

/** What the scenarios of a file share: one registry, one storage root, a context that is emptied between them. */
export interface Stage {
  readonly lab: Lab;
  readonly registry: TestRegistry;
}

/** One test per scenario, in order, on one storage root. A function is called when its turn has come. */
export function describeScenarios(
  title: string,
  table: Readonly<Record<string, Scenario | ((stage: Stage) => Scenario)>>,
): void {
  describe(title, () => {
    const stage = useStage();
    test.each(Object.entries(table))("%s", async (_, scenario) => {
      await play(typeof scenario === "function" ? scenario(stage()) : scenario, stage().lab);
    });
  });
}

/** A stage for the tests of the surrounding `describe`. After the last one nothing may be left mounted or running. */
export function useStage(): () => Stage {
  let stage: Stage | undefined;
  beforeAll(async () => {
    const registry = await startRegistry();
    stage = { registry, lab: new Lab(registry) };
  });
  afterAll(async () => {
    if (stage === undefined) return;
    const left = await stage.lab.settled();
    stage.lab[Symbol.dispose]();
    await stage.registry[Symbol.asyncDispose]();
    expect(left).toEqual([]);
  });
  return () => {
    if (stage === undefined) throw new Error("a stage is there while tests run");
    return stage;
  };
}

/** Builds the scenario and checks what came of it. */
export async function play(scenario: Scenario, lab: Lab): Promise<void> {
  lab.clear().write({ Dockerfile: scenario.dockerfile, ...scenario.files });
  scenario.prepare?.(lab.context);
  const args = [...(scenario.options ?? []).flatMap((option) => ["--opt", option]), ...(scenario.args ?? [])];
  if (scenario.fails !== undefined) {
    const { code, log } = await lab.run(args, scenario.daemon);
    mustSay(log, scenario.fails);
    expect(code).toBe(1);
    return;
  }
  if (scenario.image !== undefined) {
    expect((await lab.image(args, scenario.daemon)).config).toMatchObject(scenario.image);
  }
  if (scenario.image !== undefined && scenario.holds === undefined) return;
  const { out, log } = await lab.build(args, scenario.daemon);
  mustSay(log, scenario.log ?? []);
  for (const [path, held] of Object.entries(scenario.holds ?? {})) mustHold(out, path, held);
}

function mustSay(log: string, sentences: readonly (string | RegExp)[]): void {
  for (const sentence of sentences) {
    if (typeof sentence === "string") expect(log).toContain(sentence);
    else expect(log).toMatch(sentence);
  }
}

function mustHold(out: string, name: string, held: Held): void {
  const path = join(out, name);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (held === null) {
    expect(stats && "there", name).toBeUndefined();
    return;
  }
  if (stats === undefined) throw new Error(`the result has no ${name}; its root has ${readdirSync(out).join(" ")}`);
  if (typeof held === "string") {
    expect(readFileSync(path, "utf8"), name).toBe(held);
    return;
  }
  const seen = {
    ...(held.text !== undefined && { text: readFileSync(path, "utf8") }),
    ...(held.mode !== undefined && { mode: (stats.mode & 0o7777).toString(8) }),
    ...(held.owner !== undefined && { owner: [stats.uid, stats.gid] }),
    ...(held.link !== undefined && { link: stats.isSymbolicLink() ? readlinkSync(path) : "no link" }),
    ...(held.names !== undefined && { names: readdirSync(path).sort() }),
    ...(held.time !== undefined && { time: Math.floor(stats.mtimeMs / 1000) }),
  };
  expect(seen, name).toEqual({ ...held, ...(held.mode !== undefined && { mode: held.mode.toString(8) }) });
}

/** A new folder of the lab, outside of the context. */
export function folderOf(lab: Lab, name: string): string {
  return mkdtempSync(join(lab.folder, `${name}-`));
}
