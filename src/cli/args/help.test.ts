import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildctlSpec } from "./buildctl-spec.ts";
import { buildkitdSpec } from "./buildkitd-spec.ts";
import { helpText } from "./help.ts";
import { parseCommandLine } from "./parse.ts";

const folder = join(import.meta.dirname, "../../../conformance/cli/help");
const buildctl = buildctlSpec("unix:///run/buildkit/buildkitd.sock");

/** `buildctl-debug-logs` → `debug logs --help`; the dash in a command's own name is kept. */
function argvOf(name: string): string[] {
  if (name === "buildctl-noargs") return [];
  if (name === "buildctl-help-build") return ["help", "build"];
  const rest = name.replace(/^buildctl-?/, "");
  const words = rest.startsWith("debug-") ? ["debug", rest.slice("debug-".length)] : rest === "" ? [] : [rest];
  return [...words, "--help"];
}

const texts = readdirSync(folder).filter((name) => !name.includes("version") && name !== "buildkitd.txt");

test.each(texts)("help is upstream's, byte for byte: %s", (file) => {
  const asked = parseCommandLine(buildctl, argvOf(file.replace(/\.txt$/, "")), {});
  if (asked.kind !== "help") throw new Error(`not help: ${asked.kind}`);
  expect(helpText(asked.path)).toBe(readFileSync(join(folder, file), "utf8"));
});

test("buildkitd's help is upstream's, byte for byte", () => {
  expect(helpText([buildkitdSpec])).toBe(readFileSync(join(folder, "buildkitd.txt"), "utf8"));
});
