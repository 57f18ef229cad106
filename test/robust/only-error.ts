import { expect } from "vitest";
import type { BuildResult } from "../support/lab.ts";

/** The one error of a build that failed as it should, as it reads, and its hint; and no stack trace. */
export function onlyError({ code, log }: BuildResult): string {
  expect(code, log).toBe(1);
  expect(log).not.toMatch(/^ +at /m);
  expect(log.match(/^error: /gm)).toHaveLength(1);
  return log.slice(log.search(/^error: /m));
}
