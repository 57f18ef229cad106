import { CooperError } from "../../kit/index.ts";
import { version } from "../args/buildctl-spec.ts";
import { helpText } from "../args/help.ts";
import { parseCommandLine } from "../args/parse.ts";
import type { CommandSpec } from "../args/spec.ts";
import { type Io, processIo } from "../io.ts";
import { errorReport } from "../report/error-report.ts";
import { findVerb, verbs } from "./verbs.ts";

const program: CommandSpec = {
  name: "cooper",
  usage: "what Cooper does beside building",
  version,
  flags: [{ name: "debug", kind: "bool", usage: "show where errors come from" }],
  commands: verbs.map(({ command }) => command),
};

/** Runs this process's command line as `cooper`, and sets its exit code. */
export async function runCooper(): Promise<void> {
  process.exitCode = await cooperWith(process.argv.slice(2), await processIo());
}

/** Runs a command line of `cooper` and gives the exit code. */
async function cooperWith(argv: readonly string[], io: Io): Promise<number> {
  const asked = parseCommandLine(program, argv, io.around.env);
  switch (asked.kind) {
    case "version":
      io.stdout(`cooper ${version}\n`);
      return 0;
    case "help":
      io.stdout(helpText(asked.path));
      return 0;
    case "unknown-command":
      io.stderr(errorReport(unknownCommand(asked.name, asked.suggestion), false));
      return 3;
    case "usage-error":
      io.stderr(errorReport(asked.error, false));
      return 1;
    case "run": {
      const verb = findVerb(asked.path.slice(1).map(({ name }) => name));
      if (verb?.run === undefined) {
        io.stdout(helpText(asked.path));
        return 0;
      }
      try {
        return await verb.run(asked.values, io, asked.args);
      } catch (error) {
        io.stderr(errorReport(error, asked.values.bool("debug")));
        return 1;
      }
    }
  }
}

function unknownCommand(name: string, suggestion: string | undefined): CooperError {
  const hint = suggestion === undefined ? "`cooper --help` lists the commands." : `Did you mean ${suggestion}?`;
  return new CooperError("cli/usage", `unknown command ${JSON.stringify(name)}`, { hint });
}
