import { expect, test } from "vitest";
import { Recent } from "./recent.ts";

test("keeps what was asked for last, and no more than so many", () => {
  const made: string[] = [];
  const recent = new Recent(2, (name) => {
    made.push(name);
    return { name };
  });
  const first = recent.get("a");
  recent.get("b");
  expect(recent.get("a")).toBe(first);
  recent.get("c");
  expect(recent.get("a")).toBe(first);
  recent.get("b");
  expect(made).toEqual(["a", "b", "c", "b"]);
  for (let count = 0; count < 1000; count++) recent.get(`layer ${count}`);
  expect(recent.size).toBe(2);
});
