import { expect, test } from "vitest";
import { fromGoMode, toGoMode } from "./go-mode.ts";

test.each([
  ["file", 0o644, 420],
  ["directory", 0o755, 2147484141],
  ["symlink", 0o777, 134218239],
  ["file", 0o4755, 493 + 2 ** 23],
  ["directory", 0o1777, 511 + 2 ** 31 + 2 ** 20],
  ["character", 0o600, 384 + 2 ** 26 + 2 ** 21],
] as const)("%s %o is %d", (kind, mode, go) => {
  expect(toGoMode(kind, mode)).toBe(go);
  expect(fromGoMode(go)).toEqual({ kind, mode });
});

test("kinds that no tree has are not guessed at", () => {
  expect(fromGoMode(2 ** 31 + 2 ** 27)).toBeUndefined();
  expect(fromGoMode(2 ** 19)).toBeUndefined();
});
