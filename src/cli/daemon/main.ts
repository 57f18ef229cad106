import { startDaemon } from "../../daemon/index.ts";
import { CooperError, type Scope } from "../../kit/index.ts";
import { version } from "../args/buildctl-spec.ts";
import { buildkitdSpec } from "../args/buildkitd-spec.ts";
import { helpText } from "../args/help.ts";
import { parseCommandLine } from "../args/parse.ts";
import type { FlagValues } from "../args/spec.ts";
import type { Io } from "../io.ts";
import { errorReport } from "../report/error-report.ts";
import { withSignals } from "../signals.ts";
import { groupId } from "./group.ts";
import { daemonOptions } from "./options.ts";

/** How long builds may go on after SIGTERM: whoever stops daemons kills after 20 s. */
const grace = 15_000;

/** Runs `buildkitd` until it is told to stop, and gives the exit code. */
export async function runDaemon(argv: readonly string[], io: Io): Promise<number> {
  const asked = parseCommandLine(buildkitdSpec, argv, io.around.env);
  switch (asked.kind) {
    case "help":
      io.stdout(helpText(asked.path));
      return 0;
    case "version":
      io.stdout(`buildkitd github.com/moby/buildkit ${version} \n`);
      return 0;
    case "unknown-command":
    case "usage-error": {
      const error =
        asked.kind === "usage-error" ? asked.error : new CooperError("cli/usage", `unknown command ${asked.name}`);
      io.stderr(`Incorrect Usage: ${error.message}\n\n`);
      io.stderr(errorReport(error, false));
      return 1;
    }
    case "run":
      return await serve(asked.values, io);
  }
}

async function serve(flags: FlagValues, io: Io): Promise<number> {
  const say = (level: string, sentence: string) => io.stderr(logLine(flags.string("log-format"), level, sentence));
  try {
    const { group, ...options } = await daemonOptions(flags, io.around.cwd, (sentence) => say("warning", sentence));
    const gid = group === "" ? undefined : await groupId(group);
    const log = options.engine.debug ? (sentence: string) => say("debug", sentence) : () => {};
    await withSignals(log, (stop) => untilStopped({ ...options, ...(gid !== undefined && { gid }) }, stop, say));
    return 0;
  } catch (error) {
    io.stderr(`buildkitd: ${errorReport(error, false).replace(/^error: /, "")}`);
    return 1;
  }
}

async function untilStopped(
  options: Parameters<typeof startDaemon>[0],
  stop: Scope,
  say: (level: string, sentence: string) => void,
): Promise<void> {
  // The signal ends the listening, not the builds: those have their grace.
  const scope: Scope = { signal: new AbortController().signal, log: stop.log };
  const daemon = await startDaemon(options, scope);
  for (const address of daemon.addresses) say("info", `running server on ${address.replace(/^unix:\/\//, "")}`);
  await new Promise<void>((resolve) => {
    if (stop.signal.aborted) resolve();
    stop.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  say("info", "stopping server");
  await daemon.shutDown(grace);
}

function logLine(format: string, level: string, message: string): string {
  const time = new Date().toISOString();
  if (format === "json") return `${JSON.stringify({ level, msg: message, time })}\n`;
  return `time="${time}" level=${level} msg=${JSON.stringify(message)}\n`;
}
