import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { PodTools } from "../../engine/index.ts";
import { quietScope } from "../../kit/index.ts";
import { openStorage } from "../../storage/index.ts";
import { buildFromGit } from "../build/from-git.ts";
import type { LogLine, RunOptions } from "./contract.ts";
import { runPipeline } from "./run-pipeline.ts";

let folder: string;
let tools: PodTools;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cooper-run-"));
  mkdirSync(join(folder, "tree"));
  const storage = await openStorage({ root: join(folder, "root"), snapshotter: "native" }, quietScope);
  const never = () => Promise.reject(new Error("no pods here"));
  tools = {
    storage,
    executor: never,
    images: { open: never },
    [Symbol.asyncDispose]: () => storage[Symbol.asyncDispose](),
  };
});
afterAll(async () => {
  await tools[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function run(text: string, more: Partial<RunOptions> = {}, onLine = (_: LogLine) => {}) {
  const lines: LogLine[] = [];
  const tree = join(folder, "tree");
  const result = await runPipeline(
    {
      text,
      file: "p.yml",
      folder: tree,
      clean: false,
      build: await buildFromGit(tree, {}),
      env: new Map(),
      callerEnv: { PATH: process.env.PATH ?? "" },
      interpolate: true,
      only: [],
      unblock: false,
      fields: new Map(),
      parallel: 2,
      keepVolumes: [],
      realImages: false,
      network: "host",
      artifactsFolder: join(folder, "artifacts"),
      secrets: new Map(),
      configMaps: new Map(),
      podSecrets: new Map(),
      claims: new Map(),
      seccompFolder: "/nowhere",
      minute: 1000,
      tools: async () => tools,
      log: (line) => {
        lines.push(line);
        onLine(line);
      },
      ...more,
    },
    quietScope,
  );
  const text2 = (kind: LogLine["kind"]) => lines.filter((line) => line.kind === kind).map((line) => line.text);
  return { ...result, output: text2("job"), notes: [...text2("note"), ...text2("warning")] };
}

test("a job that is timed out hears of it; when it then exits 0 it has passed", async () => {
  const slow = async (end: string) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const command = `trap 'exit ${end}' TERM; echo hears; while :; do sleep 0.05; done`;
      const late = ({ kind }: LogLine) => void (kind === "job" && vi.advanceTimersByTime(1000));
      return await run(`[{label: s, timeout_in_minutes: 1, command: "${command}"}]`, {}, late);
    } finally {
      vi.useRealTimers();
    }
  };
  const passed = await slow("0");
  expect(passed).toMatchObject({ exitCode: 0, steps: [{ state: "passed" }] });
  expect(passed.notes).toContain("timed out after 1 min: stopping it");
  expect(await slow("4")).toMatchObject({
    exitCode: 4,
    steps: [{ state: "failed", jobs: [{ reason: "timed out", attempts: 1 }] }],
  });
});

test("a job that is killed by a signal is retried by rules for signals", async () => {
  const { output } = await run(
    "[{label: s, command: 'echo try; kill -KILL $$$$', retry: {automatic: [{signal: sigkill, limit: 1}]}}]",
  );
  expect(output).toEqual(["try", "try"]);
});

test("what a step leaves in the background ends with it", async () => {
  const { exitCode } = await run("[{label: s, command: 'sleep 300 & echo $$! > pid'}]");
  expect(exitCode).toBe(0);
  const pid = Number(readFileSync(join(folder, "tree/pid"), "utf8"));
  // It was killed: on its way, gone, or a zombie until somebody asks.
  await expect.poll(() => stateOf(pid), { timeout: 60_000 }).toMatch(/^(gone|Z|X)$/);
});

function stateOf(pid: number): string {
  try {
    return /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "gone";
  } catch {
    return "gone";
  }
}

test("jobs with cancel_on_build_failing stop when another fails", async () => {
  const { exitCode, steps } = await run(
    "[{label: a, command: 'sleep 0.3; exit 2'}, {label: b, cancel_on_build_failing: true, command: 'while :; do sleep 0.05; done'}]",
  );
  expect(exitCode).toBe(2);
  expect(steps).toMatchObject([{ state: "failed" }, { state: "canceled" }]);
});

test("jobs of higher priority begin first", async () => {
  const { output } = await run(
    "[{command: echo low}, {command: echo high, priority: 5}, {command: echo lower, priority: -1}]",
    { parallel: 1 },
  );
  expect(output[0]).toBe("high");
});

test("a pod that cannot be started is a failed job, with the reason", async () => {
  const { exitCode, notes } = await run("[{label: p, image: x, command: y}]");
  expect(exitCode).toBe(255);
  expect(notes).toContain("cannot run: no pods here");
});

test("other plugins are named and left out; a step with nothing else passes", async () => {
  const { exitCode, notes } = await run("[{label: p, plugins: ['docker-login#v3']}]");
  expect(exitCode).toBe(0);
  expect(notes).toContain("plugin docker-login#v3 is not run here: only the kubernetes plugin is");
});
