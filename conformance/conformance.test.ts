import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readCases } from "./case.ts";
import { exceptions } from "./exceptions.ts";
import { runCase } from "./run-case.ts";

describe("the Dockerfile frontend makes of each captured case what upstream made of it", () => {
  for (const recorded of readCases(join(import.meta.dirname, "dockerfile"))) {
    if (exceptions.has(recorded.name)) continue;
    it(recorded.name, async () => {
      expect(await runCase(recorded)).toEqual([]);
    });
  }
});
