/**
 * `npm run bench [-- NAME …]`: times whole commands, Cooper's beside others', in turn within one run, and prints medians.
 * REFERENCE=dir: a folder with upstream's buildctl-daemonless.sh, buildctl and buildkitd. RUNS=n (default 3).
 * Peak memory is that of the largest single process of a run.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type BenchWorld, type Scenario, scenarios } from "./bench/scenarios.ts";
import { availableTools, type Tool } from "./bench/tools.ts";
import { openWorld } from "./bench/world.ts";

interface Figure {
  readonly seconds: number;
  readonly megabytes: number;
}

const runs = Number(process.env.RUNS ?? "3");
const only = process.argv.slice(2);

/** One run of a command under GNU time. Throws with the command's last words when it fails. */
function timed(command: readonly string[], cwd: string, env: Record<string, string>): Figure {
  const report = join(cwd, "..", "time.txt");
  const args = ["-o", report, "-f", "%e %M", ...command];
  const started = performance.now();
  const result = spawnSync("/usr/bin/time", args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const seconds = (performance.now() - started) / 1000;
  if (result.status !== 0) throw new Error(`${command.join(" ")}\n${result.stderr.split("\n").slice(-8).join("\n")}`);
  const peak = spawnSync("tail", ["-1", report], { encoding: "utf8" }).stdout.split(" ")[1];
  return { seconds, megabytes: Number(peak) / 1024 };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function measure(scenario: Scenario, tools: readonly Tool[], world: BenchWorld, folder: string): Promise<void> {
  const figures = new Map<string, Figure[]>();
  for (const tool of tools) {
    const context = join(folder, tool.name, "context");
    mkdirSync(context, { recursive: true });
    await scenario.make(context, world);
  }
  for (let run = -1; run < runs; run++) {
    for (const tool of tools) {
      const place = join(folder, tool.name);
      const root = join(place, "root");
      if (scenario.cold) tool.reset(root);
      if (run >= 0) scenario.touch?.(join(place, "context"), run);
      const output = scenario.output
        .replace("OUT", join(place, "out.tar"))
        .replace("REGISTRY", world.registry)
        .replace("RUN", `${tool.name}-${run + 1}-${process.pid}`);
      spawnSync("sync");
      const command = tool.command({ context: join(place, "context"), root, output, registry: world.registry });
      if (command === undefined) continue;
      const figure = timed(command.argv, join(place, "context"), command.env);
      if (run >= 0) figures.set(tool.name, [...(figures.get(tool.name) ?? []), figure]);
    }
  }
  for (const tool of tools) tool.reset(join(folder, tool.name, "root"));
  print(scenario, tools, figures);
}

function print(scenario: Scenario, tools: readonly Tool[], figures: ReadonlyMap<string, readonly Figure[]>): void {
  const cells = tools.map((tool) => {
    const list = figures.get(tool.name);
    if (list === undefined) return `${tool.name} -`;
    const seconds = median(list.map((figure) => figure.seconds));
    const megabytes = Math.max(...list.map((figure) => figure.megabytes));
    return `${tool.name} ${seconds.toFixed(2)} s ${megabytes.toFixed(0)} MB`;
  });
  console.log(`${scenario.name.padEnd(18)} goal ${scenario.goal.toFixed(2)} s | ${cells.join(" | ")}`);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cooper-bench-"));
  const chosen = scenarios.filter((scenario) => only.length === 0 || only.includes(scenario.name));
  const needsBig = chosen.some((scenario) => scenario.name.startsWith("pull"));
  const world = await openWorld(join(folder, "world"), needsBig);
  try {
    const tools = availableTools(resolve(import.meta.dirname, ".."), process.env.REFERENCE);
    console.log(`medians of ${runs} runs after one that is not counted; largest process's peak memory`);
    for (const scenario of chosen) {
      const place = join(folder, scenario.name);
      await measure(scenario, tools, world.images, place);
      rmSync(place, { recursive: true, force: true });
    }
  } finally {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
