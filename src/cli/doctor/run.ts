import { resolve } from "node:path";
import type { DoctorOptions, Report } from "../../doctor/index.ts";
import { isCooperError } from "../../kit/index.ts";
import type { CommandSpec, FlagValues } from "../args/spec.ts";
import { defaultRoot } from "../daemon/default-root.ts";
import type { Io } from "../io.ts";
import { withSignals } from "../signals.ts";

/** `cooper doctor`. */
export const doctorCommand: CommandSpec = {
  name: "doctor",
  usage: "tell how builds run here, what is missing for more, and how to get it",
  flags: [
    { name: "json", kind: "bool", usage: "print the report as JSON (docs/doctor.md)" },
    {
      name: "registry",
      kind: "string",
      usage: "registry, or repository, to be asked with the login that a build would send",
    },
    {
      name: "registry-insecure",
      kind: "bool",
      usage: "that registry speaks plain HTTP, or has a certificate of its own",
    },
    { name: "root", kind: "string", usage: "storage root that builds would use, when it is not the usual one" },
  ],
};

/** Prints the report; 0 when a build can run, else 1. */
export async function runDoctor(values: FlagValues, io: Io): Promise<number> {
  const { diagnose, reportText } = await import("../../doctor/index.ts");
  const { cwd, env } = io.around;
  const registry = values.string("registry");
  const options: DoctorOptions = {
    ...{ root: rootOf(values, cwd, env), cwd, env },
    ...(registry !== "" && { registry, insecure: values.bool("registry-insecure") }),
  };
  const report: Report = await withSignals(
    () => {},
    (scope) => diagnose(options, scope),
  );
  io.stdout(values.bool("json") ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
  return report.canBuild ? 0 : 1;
}

/** Where a build would keep things, or why it could not. */
function rootOf(values: FlagValues, cwd: string, env: NodeJS.ProcessEnv): DoctorOptions["root"] {
  if (values.string("root") !== "") return resolve(cwd, values.string("root"));
  try {
    return defaultRoot(env, process.geteuid?.() ?? 0);
  } catch (error) {
    if (!isCooperError(error, "cli/no-root")) throw error;
    return { missing: error.message, ...(error.hint !== undefined && { hint: error.hint }) };
  }
}
