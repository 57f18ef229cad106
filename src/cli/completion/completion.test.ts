import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildctlSpec } from "../args/buildctl-spec.ts";
import { candidates } from "./candidates.ts";
import { completionScript } from "./scripts.ts";

const folder = mkdtempSync(join(tmpdir(), "cooper-completion-"));
afterAll(() => rmSync(folder, { recursive: true }));
const words = (line: string) => {
  const lines = candidates(buildctlSpec("unix:///sock"), line.split(" ").filter(Boolean)).split("\n");
  return lines.filter(Boolean).map((one) => one.split(":")[0]);
};

// What upstream's command answers.
test.each([
  ["", ["du", "prune", "prune-histories", "build", "debug", "help"]],
  ["build", ["help"]],
  ["du --", ["--filter", "--verbose", "--format", "--help"]],
  ["build --o", ["--output", "--oci-layout", "--opt"]],
  ["build --opt", []],
  ["debug w", ["dump-llb", "dump-metadata", "workers", "info", "monitor", "logs", "ctl", "get", "histories", "help"]],
])("after “buildctl %s” may follow %j", (line, expected) => {
  expect(words(line)).toEqual(expected);
});

test("bash completes with the script", () => {
  const entry = resolve(import.meta.dirname, "../entry/buildctl.ts");
  writeFileSync(join(folder, "buildctl"), `#!/bin/sh\nexec ${process.execPath} ${entry} "$@"\n`);
  chmodSync(join(folder, "buildctl"), 0o755);
  writeFileSync(join(folder, "script"), completionScript("bash"));
  const ask = 'source script; COMP_WORDS=(buildctl debug hi); COMP_CWORD=2; _buildctl_complete; echo "$COMPREPLY"';
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  expect(spawnSync("bash", ["-c", ask], { cwd: folder, env, encoding: "utf8" }).stdout).toBe("histories\n");
});

test("shells that nobody knows are told", () => {
  expect(() => completionScript(undefined)).toThrow("available shells are [bash fish pwsh zsh]");
  expect(() => completionScript("toString")).toThrow("unknown shell toString, available shells are");
});
