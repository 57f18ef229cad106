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
  // The rest as upstream's package (a BSD one) gave it.
  ["u=rwX,go=rX", 0o1777, false, 0o1755],
  ["u=rw,g=,o=", 0o7777, true, 0o1600],
  ["=r", 0o7777, false, 0o1444],
  ["o+t", 0o755, false, 0o755],
  ["o=st", 0o757, false, 0o750],
  ["u+t", 0o755, false, 0o1755],
  ["+xt", 0o600, false, 0o1600],
  ["=tr", 0o1644, false, 0o1644],
  ["a-x,a+X", 0o755, false, 0o755],
  ["g=ux", 0o640, false, 0o610],
  ["g=ru", 0o250, false, 0o220],
  ["o=ug", 0o751, false, 0o755],
  ["u-g+s", 0o750, false, 0o4250],
])("mode %s turns %o (directory: %s) into %o", (text, mode, directory, expected) => {
  expect(parseModeChange(text)(mode, directory)).toBe(expected);
});

test.each(["", "u", "x+", "u+q", "u+x,", "0755x"])("mode %j is refused", (text) => {
  expect(() => parseModeChange(text)).toThrow("invalid mode");
});
