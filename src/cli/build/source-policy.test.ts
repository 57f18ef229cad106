import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { decode, sourcepolicy } from "../../wire/index.ts";
import { readSourcePolicy } from "./source-policy.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-policy-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (json: unknown) => {
  writeFileSync(join(folder, "policy.json"), typeof json === "string" ? json : JSON.stringify(json));
  return decode(sourcepolicy.Policy, readSourcePolicy("policy.json", {}, folder) ?? new Uint8Array());
};

test("names and numbers of enums, and keys of any case, are understood", () => {
  const constraint = { key: "http.checksum", value: "x", condition: "NOTEQUAL" };
  const selector = { Identifier: "https://x/*", match_type: "REGEX", constraints: [constraint] };
  const { rules } = read({
    rules: [
      { action: "CONVERT", selector, updates: { identifier: "y", attrs: { "http.Checksum": "z" } } },
      { action: 1, selector: { identifier: "git://*" } },
    ],
  });
  expect(rules).toEqual([
    {
      action: sourcepolicy.PolicyAction.CONVERT,
      selector: {
        identifier: "https://x/*",
        matchType: sourcepolicy.MatchType.REGEX,
        constraints: [{ ...constraint, condition: sourcepolicy.AttrMatch.NOTEQUAL }],
      },
      updates: { identifier: "y", attrs: new Map([["http.Checksum", "z"]]) },
    },
    {
      action: sourcepolicy.PolicyAction.DENY,
      selector: { identifier: "git://*", matchType: sourcepolicy.MatchType.WILDCARD, constraints: [] },
    },
  ]);
});

test("no flag and no variable is no policy", () => {
  expect(readSourcePolicy("", {}, folder)).toBeUndefined();
  writeFileSync(join(folder, "p"), "{}");
  expect(readSourcePolicy("", { EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: "p" }, folder)?.byteLength).toBe(0);
});

test("what cannot be read is told with the file", () => {
  expect(() => readSourcePolicy("none", {}, folder)).toThrow("open none: no such file or directory");
  expect(() => read("{")).toThrow('failed to unmarshal source-policy-file "policy.json": ');
  expect(() => read({ rules: [{ action: "FORBID" }] })).toThrow("action is not one of ALLOW, DENY, CONVERT");
});
