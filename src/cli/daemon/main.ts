import { takeIsolation } from "../../client/index.ts";
import { notify, startDaemon } from "../../daemon/index.ts";
import { CooperError, type Scope } from "../../kit/index.ts";
import { version } from "../args/buildctl-spec.ts";
import { buildkitdSpec } from "../args/buildkitd-spec.ts";
import { helpText } from "../args/help.ts";
import { parseCommandLine } from "../args/parse.ts";
import type { FlagValues } from "../args/spec.ts";
import type { Io } from "../io.ts";
import { errorReport } from "../report/error-report.ts";
import { groupId } from "./group.ts";
import { daemonOptions, type ListeningOptions, type LogOptions, logLevels } from "./listening-options.ts";
import { withStopSignals } from "./stop-signals.ts";

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

type Say = (level: string, sentence: string) => void;

async function serve(flags: FlagValues, io: Io): Promise<number> {
  try {
    const warnings: string[] = [];
    const { env, cwd } = io.around;
    const { group, ...options } = await daemonOptions(flags, cwd, env, (sentence) => warnings.push(sentence));
    const say = sayer(options.log, io);
    for (const warning of warnings) say("warning", warning);
    const isolation = await takeIsolation(options.engine.askedIsolation ?? "auto", env, options.engine.ociWorkerBinary);
    for (const line of isolation.why) say("info", `isolation ${isolation.rung}: ${line}`);
    const gid = group === "" ? options.gid : await groupId(group);
    const all = { ...options, engine: { ...options.engine, isolation }, ...(gid !== undefined && { gid }) };
    await withStopSignals((stop, hurry) => untilStopped(all, { stop, hurry, say, env }));
    return 0;
  } catch (error) {
    io.stderr(`buildkitd: ${errorReport(error, false).replace(/^error: /, "")}`);
    return 1;
  }
}

interface Around {
  readonly stop: AbortSignal;
  readonly hurry: AbortSignal;
  readonly say: Say;
  readonly env: NodeJS.ProcessEnv;
}

async function untilStopped(options: Omit<ListeningOptions, "group">, around: Around): Promise<void> {
  const { stop, hurry, say, env } = around;
  const log = (sentence: string) => say("debug", sentence);
  // The signal ends the listening, not the builds: those have their grace.
  const scope: Scope = { signal: new AbortController().signal, log };
  const daemon = await startDaemon(options, scope);
  await notify("READY=1", env, log);
  for (const address of daemon.addresses) say("info", `running server on ${address.replace(/^unix:\/\//, "")}`);
  if (daemon.debugAddress !== undefined) say("debug", `debug handlers listening at ${daemon.debugAddress}`);
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    stop.addEventListener("abort", () => resolve(), { once: true });
  });
  say("info", "stopping server");
  await notify("STOPPING=1", env, log);
  await daemon.shutDown(options.grace, hurry);
}

function sayer({ format, level: most }: LogOptions, io: Io): Say {
  const told = logLevels.slice(0, logLevels.indexOf(most) + 1);
  return (level, sentence) => {
    if (told.includes(level)) io.stderr(logLine(format, level, sentence));
  };
}

function logLine(format: string, level: string, message: string): string {
  const time = new Date().toISOString();
  if (format === "json") return `${JSON.stringify({ level, msg: message, time })}\n`;
  return `time="${time}" level=${level} msg=${JSON.stringify(message)}\n`;
}
