import { expect, test } from "vitest";
import { subordinateRanges } from "./id-maps.ts";

test("ranges of a user by name or number, all of them; broken lines and other users' are left out", () => {
  const text = "ann:100000:65536\nbob:1:2\n1000:300000:10\nann:x:5\nann:7\n\nann:400000:0\n";
  expect(subordinateRanges(text, ["ann", "1000"])).toEqual([
    [100000, 65536],
    [300000, 10],
  ]);
  expect(subordinateRanges(text, [undefined, "77"])).toEqual([]);
});
