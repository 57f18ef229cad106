/**
 * `node tools/bench-wire.ts [SCENARIO …]`: what a resident daemon and its client cost, in CPU seconds of each (user and system),
 * medians with the least and the most. REFERENCE=dir: a folder with upstream's buildctl and buildkitd; then every pair of clients and
 * daemons takes its turn within one run. RUNS=n (default 5), after one that is not counted. TMPDIR says where all files are.
 * Seconds of CPU and not of the clock, as they say the same on a machine that does other things; with both it is said which is which.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildDefinition, local } from "../src/llb/index.ts";
import { hostPlatform } from "../src/oci/index.ts";
import { pseudoRandom } from "./bench/random.ts";

interface Figure {
  readonly daemon: number;
  readonly client: number;
  readonly clock: number;
}
interface Daemon {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly address: string;
}
type Place = { readonly big: string; readonly small: string; readonly folder: string };
/** Arguments of `buildctl`, and what it reads; `before` is not measured. */
interface Scenario {
  readonly name: string;
  readonly before?: (place: Place, run: number) => void;
  readonly ask: (place: Place, run: string) => { readonly args: readonly string[]; readonly input?: Uint8Array };
}

const runs = Number(process.env.RUNS ?? "5");
const only = process.argv.slice(2);
const bins: Readonly<Record<string, string>> = {
  cooper: resolve(import.meta.dirname, "../bin"),
  ...(process.env.REFERENCE !== undefined && { upstream: process.env.REFERENCE }),
};

/** A transfer alone: no frontend, nothing is copied. Each hint is a folder of its own at the daemon. */
function transfer(context: string, hint: string) {
  const state = local("context", { sessionId: "", sharedKeyHint: hint });
  const input = buildDefinition(state, { platform: hostPlatform() }).bytes;
  return { args: ["build", "--local", `context=${context}`], input };
}

function dockerfile(context: string, folder: string, ...more: readonly string[]) {
  const locals = ["--local", `context=${context}`, "--local", `dockerfile=${folder}`];
  return { args: ["build", "--frontend", "dockerfile.v0", ...locals, ...more] };
}

const output = ({ folder }: Place) => ["--output", `type=local,dest=${join(folder, "out")}`];
const emptyOutput = ({ folder }: Place) => rmSync(join(folder, "out"), { recursive: true, force: true });

const scenarios: readonly Scenario[] = [
  { name: "one-file-400M", ask: ({ big }, run) => transfer(big, run) },
  { name: "20k-files", ask: ({ small }, run) => transfer(small, run) },
  {
    name: "20k-files-one-changed",
    before: ({ small }, run) => writeFileSync(join(small, "d7/f3"), `changed ${run}`),
    ask: ({ small }) => transfer(small, "same"),
  },
  { name: "cached-build-20k-files", ask: ({ small, folder }) => dockerfile(small, folder) },
  {
    name: "local-output-400M",
    before: emptyOutput,
    ask: (place) => dockerfile(place.big, place.folder, ...output(place)),
  },
  {
    name: "local-output-20k-files",
    before: emptyOutput,
    ask: (place) => dockerfile(place.small, place.folder, ...output(place)),
  },
];

function makeContexts(folder: string): Place {
  const place = { folder, big: join(folder, "big"), small: join(folder, "small") };
  const random = pseudoRandom(4);
  mkdirSync(place.big);
  for (let part = 0; part < 100; part++) writeFileSync(join(place.big, "file"), random.mixed(4 << 20), { flag: "a" });
  for (let at = 0; at < 20_000; at++) {
    const directory = join(place.small, `d${Math.floor(at / 100)}`);
    if (at % 100 === 0) mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `f${at % 100}`), random.text(1024 + Math.floor(random.next() * 3072)));
  }
  writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nCOPY . /\n");
  return place;
}

async function startDaemon(name: string, folder: string): Promise<Daemon> {
  const socket = join(folder, `${name}.sock`);
  const log = openSync(join(folder, `${name}.log`), "w");
  const runc = spawnSync("sh", ["-c", "command -v runc"], { encoding: "utf8" }).stdout.trim();
  const flags = ["--root", join(folder, name), "--addr", `unix://${socket}`, `--oci-worker-binary=${runc}`];
  const child = spawn(join(bins[name] ?? "", "buildkitd"), flags, { stdio: ["ignore", log, log] });
  closeSync(log);
  for (let tries = 0; !existsSync(socket) && tries < 400; tries++) await sleep(50);
  if (!existsSync(socket) || child.pid === undefined) throw new Error(`${name}: buildkitd does not start`);
  return { process: child, pid: child.pid, address: `unix://${socket}` };
}

/** Of a process and the ended ones that it started. */
function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0) / 100;
}

/** What it has used when it has come to rest: a daemon has work left after an answer. */
async function restingCpu(pid: number): Promise<number> {
  let last = cpuSeconds(pid);
  for (let tries = 0; tries < 20; tries++) {
    await sleep(100);
    const now = cpuSeconds(pid);
    if (now - last < 0.011) return now;
    last = now;
  }
  return last;
}

async function once(
  client: string,
  daemon: Daemon,
  asked: ReturnType<Scenario["ask"]>,
  folder: string,
): Promise<Figure> {
  const report = join(folder, "time.txt");
  const before = cpuSeconds(daemon.pid);
  const started = performance.now();
  const command = [join(bins[client] ?? "", "buildctl"), "--addr", daemon.address, ...asked.args, "--progress=plain"];
  const result = spawnSync("/usr/bin/time", ["-o", report, "-f", "%U %S", ...command], {
    input: asked.input ?? "",
    encoding: "utf8",
    maxBuffer: 1 << 28,
    timeout: 300_000,
  });
  const clock = (performance.now() - started) / 1000;
  if (result.status !== 0) throw new Error(`${command.join(" ")}\n${result.stderr.slice(-1000)}`);
  const [user = 0, system = 0] = readFileSync(report, "utf8").trim().split(" ").map(Number);
  return { daemon: (await restingCpu(daemon.pid)) - before, client: user + system, clock };
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b).map((value) => value.toFixed(2));
  return `${sorted[Math.floor(sorted.length / 2)]} (${sorted[0]} to ${sorted.at(-1)})`;
}

async function measure(scenario: Scenario, daemons: ReadonlyMap<string, Daemon>, place: Place): Promise<void> {
  const pairs = Object.keys(bins).flatMap((client) => [...daemons.keys()].map((daemon) => ({ client, daemon })));
  const figures = new Map<string, Figure[]>();
  for (let run = -1; run < runs; run++) {
    for (const { client, daemon: name } of pairs) {
      const pair = `${client} to ${name}`;
      scenario.before?.(place, run * pairs.length + figures.size);
      const asked = scenario.ask(place, `${scenario.name} ${pair} ${run}`);
      const figure = await once(client, daemons.get(name) as Daemon, asked, place.folder);
      if (run >= 0) figures.set(pair, [...(figures.get(pair) ?? []), figure]);
    }
  }
  for (const [pair, list] of figures) {
    const of = (key: keyof Figure) => spread(list.map((figure) => figure[key]));
    const cpu = `CPU of daemon ${of("daemon")} s, of client ${of("client")} s`;
    console.log(`${scenario.name.padEnd(24)} ${pair.padEnd(22)} ${cpu}; by the clock ${of("clock")} s`);
  }
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cooper-bench-"));
  const daemons = new Map<string, Daemon>();
  try {
    const place = makeContexts(folder);
    for (const name of Object.keys(bins)) daemons.set(name, await startDaemon(name, folder));
    console.log(`medians of ${runs} runs, with the least and the most`);
    for (const scenario of scenarios) {
      if (only.length === 0 || only.includes(scenario.name)) await measure(scenario, daemons, place);
    }
  } finally {
    for (const { process: child } of daemons.values()) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
