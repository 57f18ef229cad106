import type { CommandSpec, FlagValues } from "../args/spec.ts";
import { doctorCommand } from "../doctor/run.ts";
import type { Io } from "../io.ts";

/** A command of `cooper`: what it takes, and how it is run. Its code loads when it is asked for. */
export interface Verb {
  readonly command: CommandSpec;
  readonly run: (values: FlagValues, io: Io, args: readonly string[]) => Promise<number>;
}

/** What Cooper does beside building. */
export const verbs: readonly Verb[] = [
  { command: doctorCommand, run: async (values, io) => (await import("../doctor/run.ts")).runDoctor(values, io) },
];
