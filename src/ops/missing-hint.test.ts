import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { missingHint } from "./missing-hint.ts";

let outside = "";
let context = "";
beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), "cooper-hint-"));
  writeFileSync(join(outside, "secret"), "");
  context = join(outside, "context");
  mkdirSync(join(context, "src/lib"), { recursive: true });
  for (const name of ["go.mod", "src/main.go", "src/lib/a", "debug.log"]) writeFileSync(join(context, name), "");
  symlinkSync("..", join(context, "up"));
  symlinkSync(outside, join(context, "away"));
});
afterEach(() => rmSync(outside, { recursive: true }));

const hint = (path: string, ...exclude: string[]) =>
  missingHint({ kind: "folder", path: context, include: [], exclude, follow: [] }, path);

test("a file that an ignore file hides is told with the pattern that decides", async () => {
  expect(await hint("/debug.log", "*.txt", "*.log")).toBe(
    'the file exists, but .dockerignore hides it: pattern "*.log"',
  );
  expect(await hint("/src/main.go", "src", "!*.md")).toBe('the file exists, but .dockerignore hides it: pattern "src"');
});

test("a name that is near is proposed, in the place where it is wrong", async () => {
  expect(await hint("/gomod")).toBe("did you mean go.mod?");
  expect(await hint("/src/Main.go")).toBe("did you mean src/main.go?");
  expect(await hint("/scr/lib/a")).toBe("did you mean src/lib/a?");
  expect(await hint("/src/main.rs/x")).toBeUndefined();
  expect(await hint("/scr/lib/b")).toBeUndefined();
});

test("neither what is hidden is proposed nor what lies outside", async () => {
  expect(await hint("/debug.lgo", "*.log")).toBeUndefined();
  for (const path of ["/up/secrt", "/away/secrt", "/../secrt", "/src/../../secrt"]) {
    expect(await hint(path), path).toBeUndefined();
  }
});
