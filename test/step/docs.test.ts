import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundled } from "../support/bundle.ts";
import { StepLab } from "../support/step-lab.ts";

const page = readFileSync(resolve(import.meta.dirname, "../../docs/step.md"), "utf8");
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map((match) => ({
  language: match[1] ?? "",
  text: match[2] ?? "",
}));

let lab: StepLab;
beforeAll(() => {
  lab = new StepLab({ Dockerfile: "FROM scratch\nCOPY a.txt /\n", "a.txt": "a" });
  lab.commit();
  const bin = join(lab.folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "cooper"), `#!/bin/sh\nexec '${process.execPath}' '${bundled("cooper")}' "$@"\n`);
  chmodSync(join(bin, "cooper"), 0o755);
});
afterAll(() => lab[Symbol.dispose]());

describe("docs/step.md", () => {
  test("has blocks of two kinds only", () => {
    expect(new Set(blocks.map(({ language }) => language))).toEqual(new Set(["yaml", "sh"]));
    expect(execFileSync("git", ["-C", lab.project, "status", "--short"], { encoding: "utf8" })).toBe("");
  });

  test.each(blocks.map(({ language, text }, at) => [`${at} ${text.trim().split("\n")[0]}`, language, text] as const))(
    "block %s",
    (_, language, text) => {
      if (language === "yaml") {
        lab.write({ "pipeline.yml": text });
        return;
      }
      const env = {
        ...process.env,
        PATH: `${join(lab.folder, "bin")}:${process.env.PATH}`,
        BUILDKITD_FLAGS: `--root ${lab.root}`,
      };
      const { status, stdout, stderr } = spawnSync("/bin/sh", ["-ec", text], {
        cwd: lab.project,
        env,
        encoding: "utf8",
      });
      expect({ status, log: status === 0 ? "" : stdout + stderr }).toEqual({ status: 0, log: "" });
      if (text.match(/keep-volume/g)?.length === 2) expect(stdout).toContain("CACHED");
    },
  );
});
