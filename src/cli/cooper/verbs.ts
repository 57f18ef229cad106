import type { CommandSpec, FlagValues } from "../args/spec.ts";
import { doctorCommand } from "../doctor/run.ts";
import type { Io } from "../io.ts";
import { lintCommand, renderCommand, runCommand, stepCommand } from "../step/command.ts";

/** A command of `cooper`: what it takes, and how it is run. Its code loads when it is asked for. */
export interface Verb {
  readonly command: CommandSpec;
  /** Of a command that is only the name of others: those. */
  readonly verbs?: readonly Verb[];
  readonly run?: (values: FlagValues, io: Io, args: readonly string[]) => Promise<number>;
}

const stepVerbs: readonly Verb[] = [
  {
    command: runCommand,
    run: async (values, io, args) => (await import("../step/run.ts")).runSteps(values, io, args),
  },
  {
    command: lintCommand,
    run: async (values, io, args) => (await import("../step/lint.ts")).runLint(values, io, args),
  },
  {
    command: renderCommand,
    run: async (values, io, args) => (await import("../step/render.ts")).runRender(values, io, args),
  },
];

/** What Cooper does beside building. */
export const verbs: readonly Verb[] = [
  { command: doctorCommand, run: async (values, io) => (await import("../doctor/run.ts")).runDoctor(values, io) },
  { command: stepCommand, verbs: stepVerbs },
];

/** The command that a path of names leads to. */
export function findVerb(path: readonly string[]): Verb | undefined {
  let among: readonly Verb[] | undefined = verbs;
  let found: Verb | undefined;
  for (const name of path) {
    found = among?.find(({ command }) => command.name === name);
    among = found?.verbs;
  }
  return found;
}
