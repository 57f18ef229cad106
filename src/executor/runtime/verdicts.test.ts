import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Runtime } from "./find.ts";
import { Verdicts } from "./verdicts.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-verdicts-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const runtime: Runtime = { name: "runc", path: "/usr/bin/runc", version: "1", flags: [], runFlags: [] };
const verdicts = () => new Verdicts(join(folder, "runtimes.json"), join(folder, "own"));

test("Verdicts are there for the next one", () => {
  verdicts().remember(runtime, "works");
  expect(verdicts().of(runtime)).toBe("works");
  expect(verdicts().of({ ...runtime, version: "2" })).toBe("unknown");
});

test("Verdicts that never get to their place leave nothing outside of the folder that goes with their process", () => {
  // What a kill between writing and renaming leaves.
  mkdirSync(join(folder, "runtimes.json/in-the-way"), { recursive: true });
  verdicts().remember(runtime, "works");
  expect(readdirSync(folder).sort()).toEqual(["own", "runtimes.json"]);
  expect(readdirSync(join(folder, "own"))).toEqual(["runtimes.json"]);
});
