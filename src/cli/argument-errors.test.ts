/** Command lines that upstream refuses before it builds anything, and what it says. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OpenEngine } from "../client/index.ts";
import { runWith } from "./command.ts";
import { recordingIo } from "./testing/io.ts";

interface Case {
  readonly name: string;
  readonly argv: readonly string[];
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdin?: string;
}

const file = join(import.meta.dirname, "../../conformance/cli/argument-errors.json");
const cases: readonly Case[] = JSON.parse(readFileSync(file, "utf8"));

/** Where we say more than upstream, or something else, on purpose. */
const ourWords = new Map([
  ["source-policy-bad", /^error: failed to unmarshal source-policy-file ".*\/spb\.json": /],
  ["near-command", /^No help topic for 'biuld'\nhint: did you mean build\?\n$/],
]);

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-args-"));
  for (const name of ["ok", "nope"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "ok/Dockerfile"), "FROM scratch\n");
  writeFileSync(join(folder, "ok/a.txt"), "a\n");
  writeFileSync(join(folder, "spb.json"), "{ nope }");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const notReached: OpenEngine = async () => {
  throw new Error("the engine was opened");
};

test.each(cases)("upstream's words for a mistake: $name", async (one) => {
  const here = (text: string) => text.replaceAll("{folder}", folder);
  const { io, recorded } = recordingIo({ cwd: folder, stdin: Buffer.from(one.stdin ?? "") });
  const exit = await runWith("buildctl-daemonless.sh", one.argv.map(here), io, notReached);
  expect(exit).toBe(one.exit);
  expect(recorded.stdout).toBe(one.stdout);
  const ours = ourWords.get(one.name);
  if (ours !== undefined) expect(recorded.stderr).toMatch(ours);
  // A hint may follow what upstream says.
  else expect(recorded.stderr.replace(/^hint: .*\n/gm, "")).toBe(here(one.stderr));
});
