import { expect, test } from "vitest";
import type { UsageEntry } from "./contract.ts";
import { usageFilter } from "./usage-filter.ts";

const entry = (kind: UsageEntry["kind"], id: string): UsageEntry => {
  const now = new Date();
  const times = { created: now, used: now, uses: 1, inUse: false };
  return { kind, id, parent: undefined, description: `of ${id}`, size: 1, ...times };
};
const all = [entry("snapshot", "s1"), entry("kept", "filesync/x"), entry("kept", "cache/y")];
const taken = (...filters: string[]) => {
  const filter = usageFilter(filters, "prune");
  return all.filter((one) => filter?.(one) ?? true).map(({ id }) => id);
};

test("records are chosen by field, all of a list, any of several", () => {
  expect(taken("type==source.local")).toEqual(["filesync/x"]);
  expect(taken("mutable,description~=y$")).toEqual(["cache/y"]);
  expect(taken("type==regular", "id==cache/y")).toEqual(["s1", "cache/y"]);
  expect(taken("type!=regular")).toEqual(["filesync/x", "cache/y"]);
});

test("no filter and an empty one take all", () => {
  expect(taken()).toEqual(taken(""));
});

test("what cannot be read is refused in upstream's words", () => {
  expect(() => usageFilter(["type=~["], "diskusage")).toThrow(
    "failed to parse diskusage filters [type=~[]: filters: parse error: [type >|=|< ~[]: unsupported operator",
  );
});
