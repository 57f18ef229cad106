import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RetryRule } from "../contract.ts";
import type { Attempt } from "./contract.ts";
import { JobLog } from "./job-log.ts";
import { namedLines, readObjectData } from "./object-data.ts";
import { Redactor } from "./redactor.ts";
import { failsSoftly, retryRule } from "./retry.ts";
import { isBuildkitImage } from "./self-image.ts";

const attempt = (more: Partial<Attempt>): Attempt => ({ exitCode: 1, signalReason: "none", timedOut: false, ...more });

test.each<[Partial<Attempt>, RetryRule, boolean]>([
  [{ exitCode: 1 }, { limit: 1 }, true],
  [{ exitCode: 0 }, { limit: 1 }, false],
  [{ exitCode: 5 }, { exitStatus: ["*"], limit: 1 }, true],
  [{ exitCode: -1 }, { exitStatus: ["*"], limit: 1 }, false],
  [{ exitCode: -1 }, { exitStatus: [-1], limit: 1 }, true],
  [{ exitCode: 5 }, { exitStatus: [1, 2], limit: 1 }, false],
  [{ exitCode: 143, signal: "term" }, { signal: "term", limit: 1 }, true],
  [{ exitCode: 1 }, { signal: "none", limit: 1 }, true],
  [{ exitCode: 1 }, { signal: "*", limit: 1 }, false],
  [{ exitCode: 1 }, { signalReason: "none", limit: 1 }, true],
  [{ exitCode: 1 }, { signalReason: "agent_stop", limit: 1 }, false],
  [{ exitCode: 1, signalReason: "cancel" }, { limit: 1 }, false],
  [{ exitCode: 1 }, { limit: 0 }, false],
])("%j by rule %j: %j", (ended, rule, again) => {
  expect(retryRule(attempt(ended), [rule], new Map()) === rule).toBe(again);
});

test("the first rule that fits decides, even when it is used up", () => {
  const [first, second] = [{ exitStatus: [1], limit: 1 }, { limit: 5 }];
  expect(retryRule(attempt({}), [first, second], new Map([[first, 1]]))).toBeUndefined();
  expect(retryRule(attempt({ exitCode: 2 }), [first, second], new Map([[first, 1]]))).toBe(second);
});

test("soft_fail: all failures, or those of some exit statuses", () => {
  expect([
    failsSoftly(true, 9),
    failsSoftly(false, 9),
    failsSoftly([9], 9),
    failsSoftly([8], 9),
    failsSoftly(["*"], 9),
  ]).toEqual([true, false, true, false, true]);
});

test("secrets are blanked in whole lines, however the bytes come, the longest first", () => {
  const redactor = new Redactor();
  redactor.addVariables({
    MY_TOKEN: "abcdefgh",
    HARMLESS: "visible",
    DB_PASSWORD: "abcdefgh-more",
    SHORT_TOKEN: "abc",
  });
  redactor.add("line one!\nline two!");
  const lines: string[] = [];
  const log = new JobLog(redactor, (line) => lines.push(line));
  for (const chunk of ["say abc", "defgh visible abc\nabcdefgh-more line t", "wo!\r\n^^^ +++\n", "rest €".slice(0, 6)])
    log.bytes("1", Buffer.from(chunk));
  log.bytes("1", Buffer.from("€").subarray(0, 1));
  log.bytes("2", Buffer.from("other\n"));
  log.bytes("1", Buffer.from("€").subarray(1));
  log.end();
  expect(lines).toEqual(["say [REDACTED] visible abc", "[REDACTED] [REDACTED]", "other", "rest €€"]);
});

test("config maps are folders of keys, or files of lines, or one value", () => {
  const folder = mkdtempSync(join(tmpdir(), "cooper-objects-"));
  const read = (path: string) =>
    Object.fromEntries([...readObjectData(join(folder, path))].map(([key, value]) => [key, value.toString()]));
  try {
    mkdirSync(join(folder, "map"));
    writeFileSync(join(folder, "map/key"), "value\n");
    writeFileSync(join(folder, "env"), '# comment\nA=1\nexport B="two words"\n\nC=\n');
    writeFileSync(join(folder, "text.conf"), "no pairs here\n");
    expect(read("map")).toEqual({ key: "value\n" });
    expect(read("env")).toEqual({ A: "1", B: "two words", C: "" });
    expect(read("text.conf")).toEqual({ "text.conf": "no pairs here\n" });
    expect(() => read("none")).toThrow(expect.objectContaining({ code: "pipeline/object-data" }));
    expect(namedLines("").size).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  ["moby/buildkit", true],
  ["moby/buildkit:master-rootless", true],
  ["docker.io/moby/buildkit@sha256:0", true],
  ["index.docker.io/moby/buildkit:v1", true],
  ["ghcr.io/moby/buildkit:v1", false],
  ["moby/buildkit-tools", false],
])("%s is BuildKit's own image: %j", (name, is) => {
  expect(isBuildkitImage(name)).toBe(is);
});
