import { expect, test } from "vitest";
import { parseModeChange } from "./mode-change.ts";

test.each([
  ["u+x", 0o644, false, 0o744],
  ["a+X", 0o644, false, 0o644],
  ["a+X", 0o644, true, 0o755],
  ["+X", 0o744, false, 0o755],
  ["u=rwX,go=rX", 0o600, true, 0o755],
  ["go-rwx", 0o777, false, 0o700],
  ["g=u", 0o740, false, 0o770],
  ["u+s,g+s,+t", 0o755, false, 0o7755],
  ["ug=rw-r", 0o777, false, 0o227],
  ["=", 0o777, false, 0],
])("mode %s turns %o (directory: %s) into %o", (text, mode, directory, expected) => {
  expect(parseModeChange(text)(mode, directory)).toBe(expected);
});

test.each(["", "u", "x+", "u+q", "u+x,", "0755x"])("mode %j is refused", (text) => {
  expect(() => parseModeChange(text)).toThrow("invalid mode");
});
