import { expect, test } from "vitest";
import { idCount, parseIdMap } from "./process-rights.ts";
import { countIds } from "./subordinate-ids.ts";

test("an id map tells how many ids there are", () => {
  const idMap = parseIdMap("         0       1000          1\n         1     100000      65536\n");
  expect(idMap).toEqual([
    { inside: 0, outside: 1000, count: 1 },
    { inside: 1, outside: 100000, count: 65536 },
  ]);
  expect(idCount({ idMap })).toBe(65537);
  expect(parseIdMap("")).toEqual([]);
});

test("subordinate ids count by name and by number, from any number of lines", () => {
  const text = "other:1:5\nuser:100000:65536\n# comment\n1000:300000:10\nuser:x:y\n";
  expect(countIds(text, ["1000", "user"])).toBe(65546);
  expect(countIds(text, ["1001", undefined])).toBe(0);
});
