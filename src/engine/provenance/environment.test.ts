import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { provenanceEnvironment } from "./environment.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-environment-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("joins the objects of all JSON files, and of nothing else", async () => {
  writeFileSync(join(folder, "a.json"), '{"foo":"bar","both":1}');
  writeFileSync(join(folder, "b.json"), '{"numbers":[1,2],"both":2}');
  writeFileSync(join(folder, "notes.txt"), "{}");
  mkdirSync(join(folder, "c.json"));
  expect(await provenanceEnvironment(folder)).toEqual({ foo: "bar", numbers: [1, 2], both: 2 });
});

it("a folder that is not there adds nothing", async () => {
  expect(await provenanceEnvironment(join(folder, "none"))).toEqual({});
});

it.each(["[1]", "{", "null"])("refuses a file that holds %s", async (text) => {
  writeFileSync(join(folder, "x.json"), text);
  await expect(provenanceEnvironment(folder)).rejects.toThrow("failed to parse x.json");
});
