import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { CooperError, lazy, reasonOf, type Scope } from "../../kit/index.ts";
import type { LogLine, RunOptions, RunResult } from "../../pipeline/index.ts";
import type { FlagValues } from "../args/spec.ts";
import type { Io } from "../io.ts";
import { withSignals } from "../signals.ts";
import { buildVariables, givenVariables, readPipelineFile } from "./pipeline-input.ts";

/** Runs a pipeline's steps here; gives the exit code of the first that failed. */
export async function runSteps(values: FlagValues, io: Io, args: readonly string[]): Promise<number> {
  if (args.length > 1) throw new CooperError("cli/usage", `one pipeline file is expected, not ${args.length}`);
  const log = values.bool("debug") ? (text: string) => io.stderr(`${text}\n`) : () => {};
  return withSignals(log, async (scope) => {
    await using opened = new AsyncDisposableStack();
    const options = await runOptions(values, io, args, scope, opened);
    const { planRun, problemText, runPipeline } = await import("../../pipeline/index.ts");
    if (!values.bool("dry-run")) return report(await runPipeline(options, scope), values, io);
    const { nodes, problems } = planRun(options);
    for (const problem of problems) io.stderr(problemText(problem));
    io.stdout(planText(nodes));
    return 0;
  });
}

async function runOptions(
  values: FlagValues,
  io: Io,
  args: readonly string[],
  scope: Scope,
  opened: AsyncDisposableStack,
): Promise<RunOptions> {
  const { buildFromGit, namedLines, openLocalTools, workingTree } = await import("../../pipeline/index.ts");
  const { cwd, env } = io.around;
  const path = (flag: string) => resolve(cwd, values.string(flag));
  const { text, file } = await readPipelineFile(args[0], io);
  const warn = (sentence: string) => io.stderr(`warning: ${sentence}\n`);
  const folder = await workingTree(cwd);
  const queue = values.string("queue");
  const given = givenVariables(values.strings("env"), env);
  return {
    text,
    file,
    folder,
    build: await buildFromGit(folder, { ...buildVariables(values, env), ...Object.fromEntries(given) }),
    env: given,
    callerEnv: Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    interpolate: !values.bool("no-interpolation"),
    only: values.strings("step"),
    unblock: values.bool("unblock"),
    fields: namedTexts(values, "field"),
    ask: io.ask,
    parallel: values.isSet("parallel") ? values.int("parallel") : availableParallelism(),
    keepVolumes: values.strings("keep-volume"),
    clean: values.bool("clean"),
    realImages: values.bool("real-images"),
    network: networkOf(values.string("network")),
    artifactsFolder: path("artifacts"),
    secrets: namedLines(values.string("secrets") === "" ? "" : await readFlagFile("secrets", path("secrets"))),
    configMaps: namedPaths(values, "config-map", cwd),
    podSecrets: namedPaths(values, "secret", cwd),
    claims: namedPaths(values, "claim", cwd),
    seccompFolder: path("seccomp-profiles"),
    minute: 60_000,
    tools: lazy(async () => {
      const { engineOptions } = await import("../daemon/options.ts");
      const engine = await engineOptions(env, cwd, warn);
      const root = values.string("root") === "" ? engine.root : path("root");
      return opened.use(await openLocalTools({ ...engine, root }, env, warn, scope));
    }),
    log: (line) => printLine(line, values, io),
    ...(queue !== "" && { queue }),
  };
}

function networkOf(text: string): "host" | "pod" | "none" {
  if (text === "host" || text === "pod" || text === "none") return text;
  throw new CooperError("cli/bad-value", `--network has no ${JSON.stringify(text)}`, { hint: "use host, pod or none" });
}

/** `NAME=VALUE` words of a flag. */
function namedTexts(values: FlagValues, flag: string): ReadonlyMap<string, string> {
  return new Map(
    values.strings(flag).map((word) => {
      const [name = "", value] = word.split(/=(.*)/s);
      if (name === "" || value === undefined)
        throw new CooperError("cli/bad-value", `--${flag} ${word} is no NAME=VALUE`);
      return [name, value] as const;
    }),
  );
}

/** `NAME=PATH` words of a flag. */
function namedPaths(values: FlagValues, flag: string, cwd: string): ReadonlyMap<string, string> {
  return new Map(
    values.strings(flag).map((word) => {
      const [name = "", path = ""] = word.split(/=(.*)/s);
      if (name === "" || path === "") throw new CooperError("cli/bad-value", `--${flag} ${word} is no NAME=PATH`);
      return [name, resolve(cwd, path)] as const;
    }),
  );
}

async function readFlagFile(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new CooperError("cli/bad-value", `cannot read --${flag} ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Logs of jobs are the command's output; what is said about them is not, nor are logs when the output is JSON. */
function printLine({ kind, job, text }: LogLine, values: FlagValues, io: Io): void {
  if (kind === "job") {
    const print = values.bool("json") ? io.stderr : io.stdout;
    print(`[${job}] ${text}\n`);
    return;
  }
  const about = job === undefined ? "" : `${job}: `;
  io.stderr(`${kind === "warning" ? "warning: " : "--- "}${about}${text}\n`);
}

function report(result: RunResult, values: FlagValues, io: Io): number {
  if (values.bool("json")) io.stdout(`${JSON.stringify(result, null, 2)}\n`);
  return result.exitCode;
}

type Nodes = ReturnType<typeof import("../../pipeline/index.ts").planRun>["nodes"];

function planText(nodes: Nodes): string {
  const lines = nodes.flatMap((node) => {
    const group = node.group === undefined ? "" : `${node.group.label} / `;
    const needs = node.needs.map(({ node: number }) => number + 1).join(", ");
    const after = needs === "" || node.kind === "wait" ? "" : ` (after ${needs})`;
    const name = node.key === undefined || node.key === node.label ? "" : ` [${node.key}]`;
    const what = node.skipped === undefined ? node.kind : `skipped: ${node.skipped.text}`;
    const jobs = node.jobs.length <= 1 ? [] : node.jobs.map((job) => `     - ${jobName(job)}`);
    return [`${String(node.number + 1).padStart(3)}. ${group}${node.label}${name}: ${what}${after}`, ...jobs];
  });
  return `${lines.join("\n")}\n`;
}

function jobName({ label, command, matrix, parallel, skip }: Nodes[number]["jobs"][number]): string {
  const choice =
    matrix === undefined ? [] : [...matrix].map(([name, value]) => (name === "" ? value : `${name}=${value}`));
  const copy = parallel === undefined ? [] : [`${parallel.index + 1}/${parallel.count}`];
  const base = label || command.trim().split("\n")[0] || "";
  return `${base} (${[...choice, ...copy].join(", ")})${skip === undefined ? "" : ` skipped: ${skip || "skip"}`}`;
}
