/** The pages on `cooper step lint` and `cooper step render` show what these commands print of the page that people paste. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundled } from "../support/bundle.ts";
import { blocksOf, outputPattern, sessionOf } from "../support/page-blocks.ts";
import { StepLab } from "../support/step-lab.ts";

const text = (path: string) => readFileSync(resolve(import.meta.dirname, path), "utf8");

let lab: StepLab;
beforeAll(() => {
  const pipeline = blocksOf(text("fixtures/buildkit-page.md")).find(({ language }) => language === "yaml");
  lab = new StepLab({ "pipeline.yml": pipeline?.text ?? "" });
  lab.commit();
  const bin = join(lab.folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "cooper"), `#!/bin/sh\nexec '${process.execPath}' '${bundled("cooper")}' "$@"\n`);
  chmodSync(join(bin, "cooper"), 0o755);
});
afterAll(() => lab[Symbol.dispose]());

function print(command: string): string {
  const env = { ...process.env, PATH: `${join(lab.folder, "bin")}:${process.env.PATH}` };
  const words = ["-c", `{ ${command}\n} 2>&1`];
  return spawnSync("/bin/sh", words, { cwd: lab.project, env, encoding: "utf8" }).stdout;
}

test.each(["step-lint", "step-render"])("docs/%s.md shows what is printed", (name) => {
  const sessions = blocksOf(text(`../../docs/${name}.md`)).filter(({ language }) => language === "console");
  expect(sessions.length).toBeGreaterThan(2);
  for (const session of sessions) {
    for (const { command, output } of sessionOf(session.text.replace(/\\\n\s*/g, ""))) {
      expect(print(command), command).toMatch(outputPattern(output));
    }
  }
});
