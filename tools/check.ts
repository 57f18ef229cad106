/**
 * The house rules in one command, which is what CI runs: format and lint, rooms, codes of errors, docs, types, then all tests.
 * Runs the quick checks side by side, prints the outcome of each, and fails when any of them failed.
 */
import { spawn } from "node:child_process";
import { delimiter, join, resolve } from "node:path";

interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}
interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
}

const root = resolve(import.meta.dirname, "..");
const bin = join(root, "node_modules/.bin");

const quickSteps: readonly Step[] = [
  { name: "format and lint", command: ["biome", "check", "."] },
  { name: "rooms", command: ["node", "tools/check-rooms.ts"] },
  { name: "errors", command: ["node", "tools/check-errors.ts"] },
  { name: "docs", command: ["node", "tools/check-docs.ts"] },
  { name: "types", command: ["tsc", "-p", "tsconfig.json"] },
];
const tests: Step = { name: "tests", command: ["vitest", "run", ...process.argv.slice(2)] };

/** Runs one step to its end. With `quiet` its output is held back and printed only when it failed. */
async function run(step: Step, quiet: boolean): Promise<Outcome> {
  const started = Date.now();
  const [program, ...args] = step.command;
  const output: Buffer[] = [];
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}` },
    stdio: quiet ? ["ignore", "pipe", "pipe"] : "inherit",
  });
  child.stdout?.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => output.push(chunk));
  const passed = await new Promise<boolean>((done) => {
    child.on("error", (error) => {
      output.push(Buffer.from(`${error.message}\n`));
      done(false);
    });
    child.on("close", (code) => done(code === 0));
  });
  const seconds = (Date.now() - started) / 1000;
  if (!passed) process.stdout.write(Buffer.concat(output));
  console.log(`check: ${step.name} ${passed ? "passed" : "FAILED"} (${seconds.toFixed(1)} s)`);
  return { name: step.name, passed, seconds };
}

const outcomes = await Promise.all(quickSteps.map((step) => run(step, true)));
outcomes.push(await run(tests, false));
const failed = outcomes.filter((outcome) => !outcome.passed);
if (failed.length > 0) {
  console.log(`check: FAILED: ${failed.map((outcome) => outcome.name).join(", ")}`);
  process.exitCode = 1;
}
