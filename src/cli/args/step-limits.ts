import type { StepLimits } from "../../client/index.ts";
import { CooperError } from "../../kit/index.ts";
import type { FlagSpec, FlagValues } from "./spec.ts";

/** What a step may use at most: for `build`, and for daemons as what every build's steps get. */
export const stepLimitFlags: readonly FlagSpec[] = [
  { name: "step-memory", kind: "string", usage: "memory that a step may use, such as 512m or 2g", hidden: true },
  { name: "step-cpus", kind: "string", usage: "CPUs that a step may use, such as 1.5", hidden: true },
  { name: "step-pids", kind: "string", usage: "processes that a step may have at once", hidden: true },
];

/** A value by the flag's name, as text. */
type Given = (name: string) => string | undefined;

export function givenFlags(flags: FlagValues): Given {
  return (name) => (flags.isSet(name) ? flags.string(name) : undefined);
}

/** The limits that were given; undefined when none was. Throws `cli/bad-value`. */
export function parseStepLimits(given: Given): StepLimits | undefined {
  const [memory, cpus, pids] = ["memory", "cpus", "pids"].map((name) => given(`step-${name}`));
  if (memory === undefined && cpus === undefined && pids === undefined) return undefined;
  return {
    ...(memory !== undefined && { memoryBytes: bytes(memory) }),
    ...(cpus !== undefined && { cpus: positive("step-cpus", cpus, "a number of CPUs such as 1.5") }),
    ...(pids !== undefined && { pids: whole(pids) }),
  };
}

/**
 * The same as options of upstream's Dockerfile frontend, for a daemon: it may be upstream's, too. Those that were given win. Throws
 * `cli/bad-value` for a limit that these have no words for.
 */
export function asFrontendOptions(
  limits: StepLimits | undefined,
  options: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (limits === undefined) return options;
  const { memoryBytes, cpus, pids } = limits;
  if (pids !== undefined) {
    throw new CooperError("cli/bad-value", "cannot use --step-pids with a daemon: no option of a build says it", {
      hint: "give it to the daemon: buildkitd --step-pids, or step-pids in [worker.oci] of buildkitd.toml",
    });
  }
  return {
    ...(memoryBytes !== undefined && { memory: String(memoryBytes) }),
    ...(cpus !== undefined && { cpuperiod: "100000", cpuquota: String(Math.round(cpus * 100_000)) }),
    ...options,
  };
}

/** A number of bytes with a unit of 1024: b, k, m, g, t. */
function bytes(text: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const value = Math.floor(Number(number) * 1024 ** "bkmgt".indexOf(unit.toLowerCase() || "b"));
  if (number === "" || value < smallest) throw bad("step-memory", text, "bytes such as 512m or 2g, at least 4m");
  return value;
}

/** Less holds no process: runtimes fail with words that nobody understands. */
const smallest = 4 * 1024 * 1024;

function positive(name: string, text: string, wanted: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : 0;
  if (value < 0.01) throw bad(name, text, wanted);
  return value;
}

function whole(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value < 1) throw bad("step-pids", text, "a number of processes");
  return value;
}

function bad(name: string, text: string, wanted: string): CooperError {
  return new CooperError("cli/bad-value", `invalid value ${JSON.stringify(text)} for --${name}: wanted ${wanted}`);
}
