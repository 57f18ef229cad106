import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundled } from "../support/bundle.ts";
import { outputPattern, runShown, shownCommands } from "../support/doc-console.ts";

const page = readFileSync(join(import.meta.dirname, "fixtures/buildkit-page.md"), "utf8");
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-docs-"));
  writeFileSync(join(folder, "cooper"), `#!/bin/sh\nexec ${process.execPath} ${bundled("cooper")} "$@"\n`);
  chmodSync(join(folder, "cooper"), 0o755);
  writeFileSync(join(folder, "pipeline.yml"), /^```yaml\n(.*?)^```$/ms.exec(page)?.[1] ?? "");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(["step-lint.md", "step-render.md"])("what docs/%s shows", (name) => {
  test.each(shownCommands(name))("line $line: $command", (shown) => {
    expect(runShown(shown, folder, folder)).toMatch(outputPattern(shown.output));
  });
});
