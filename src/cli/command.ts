import type { OpenEngine } from "../client/index.ts";
import { CooperError, isCooperError } from "../kit/index.ts";
import { buildctlSpec, version } from "./args/buildctl-spec.ts";
import { helpText } from "./args/help.ts";
import { type Invocation, parseCommandLine } from "./args/parse.ts";
import { type Io, processIo } from "./io.ts";
import { errorReport } from "./report/error-report.ts";
import { exitCodeOf } from "./report/exit-code.ts";

/** `buildctl` talks to a daemon, `buildctl-daemonless.sh` has the engine in its own process; the command line is the same. */
export type Command = "buildctl" | "buildctl-daemonless.sh";

const defaultAddress = "unix:///run/buildkit/buildkitd.sock";

/** Runs this process's command line and sets its exit code. */
export async function runCommand(command: Command): Promise<void> {
  process.exitCode = await runWith(command, process.argv.slice(2), await processIo());
}

/** Runs a command line and gives the exit code: 0, 1 for an error, 3 for an unknown command. */
export async function runWith(
  command: Command,
  argv: readonly string[],
  io: Io,
  openEngine?: OpenEngine,
): Promise<number> {
  const spec = buildctlSpec(io.around.env.BUILDKIT_HOST || defaultAddress);
  if (argv.at(-1) === "--generate-shell-completion") {
    io.stdout((await import("./completion/candidates.ts")).candidates(spec, argv.slice(0, -1)));
    return 0;
  }
  const asked = parseCommandLine(spec, argv, io.around.env);
  switch (asked.kind) {
    case "help":
      io.stdout(helpText(asked.path));
      return 0;
    case "version":
      io.stdout(`buildctl github.com/moby/buildkit ${version} \n`);
      return 0;
    case "unknown-command":
      io.stderr(`No help topic for '${asked.name}'\n`);
      if (asked.suggestion !== undefined) io.stderr(`hint: did you mean ${asked.suggestion}?\n`);
      return 3;
    case "usage-error":
      io.stderr(`Incorrect Usage: ${asked.error.message}\n\n`);
      if (asked.path.length === 1) io.stdout(helpText(asked.path));
      io.stderr(errorReport(asked.error, false));
      return 1;
    case "run":
      return await runVerb(command, asked, io, openEngine);
  }
}

async function runVerb(
  command: Command,
  asked: Extract<Invocation, { kind: "run" }>,
  io: Io,
  openEngine: OpenEngine | undefined,
): Promise<number> {
  const debug = asked.values.bool("debug");
  try {
    checkLogFormat(asked.values.string("log-format"));
    const verb = asked.path.slice(1).map((one) => one.name);
    const name = verb.join(" ");
    if (name === "build") {
      const { runBuild } = await import("./build/run.ts");
      if (command !== "buildctl" || openEngine !== undefined) return await runBuild(asked.values, io, openEngine);
      const { daemonEngine } = await import("./remote/address.ts");
      return await runBuild(asked.values, io, daemonEngine(asked.values, io.around), true);
    }
    return await runOther(command, name, asked, io);
  } catch (error) {
    io.stderr(errorReport(error, debug && !isCooperError(error, "cli/")));
    return exitCodeOf(error);
  }
}

function checkLogFormat(format: string): void {
  if (format === "" || format === "text" || format === "json") return;
  throw new CooperError("cli/bad-value", `unsupported log type ${JSON.stringify(format)}`);
}

/** Everything but builds. */
async function runOther(
  command: Command,
  name: string,
  { values, args }: Extract<Invocation, { kind: "run" }>,
  io: Io,
): Promise<number> {
  if (name === "completion") {
    io.stdout((await import("./completion/scripts.ts")).completionScript(args[0]));
    return 0;
  }
  if (name === "debug dump-llb") return (await import("./llb/dump.ts")).dumpLlb(values, args, io);
  if (name === "debug dump-metadata") return (await import("./metadata/dump.ts")).dumpMetadata(values, io);
  if (name === "dial-stdio") return (await import("./remote/dial-stdio.ts")).dialStdio(values, io);
  const { remoteVerbs, askDaemon } = await import("./remote/verbs.ts");
  const verb = remoteVerbs[name];
  if (verb === undefined) throw new CooperError("cli/not-supported", `buildctl ${name} is not supported yet`);
  if (command === "buildctl") return await askDaemon(verb, values, args, io);
  const { connectEmbedded } = await import("./remote/embedded.ts");
  return await askDaemon(verb, values, args, io, (scope) => connectEmbedded(io, scope));
}
