import { expect, test } from "vitest";
import { formatPlatformAll, hostPlatform, parsePlatform } from "../oci/index.ts";
import { platformWarnings } from "./platform-check.ts";

const platforms = (...names: string[]) => names.map((name) => parsePlatform(name));

test("a result of what was asked for is no reason to warn", () => {
  expect(platformWarnings("linux/amd64", platforms("linux/amd64"), false)).toEqual([]);
  expect(platformWarnings("linux/arm64/v8", platforms("linux/arm64"), false)).toEqual([]);
  expect(platformWarnings("linux/arm64,linux/amd64", platforms("linux/amd64", "linux/arm64"), true)).toEqual([]);
  expect(platformWarnings(undefined, [hostPlatform()], false)).toEqual([]);
  expect(
    platformWarnings("windows/amd64", [{ ...platforms("windows/amd64")[0], osVersion: "10.0.1" } as never], false),
  ).toEqual([]);
});

test("several platforms asked for, and a single result", () => {
  expect(platformWarnings("linux/amd64,linux/arm64", platforms("linux/amd64"), false)).toEqual([
    "Multiple platforms requested but result is not multi-platform",
  ]);
});

test("another platform, or others, than what was asked for", () => {
  expect(platformWarnings("linux/arm64", platforms("linux/s390x"), false)).toEqual([
    'Requested platform "linux/arm64" does not match result platform "linux/s390x"',
  ]);
  expect(platformWarnings("linux/arm64,linux/amd64", platforms("linux/amd64", "linux/s390x"), true)).toEqual([
    "Requested platforms linux/amd64,linux/arm64 do not match result platforms linux/amd64,linux/s390x",
  ]);
});

test("a platform that is asked for twice, or is none", () => {
  const host = formatPlatformAll(hostPlatform());
  expect(platformWarnings(`${host},${host}`, [hostPlatform()], true)).toEqual([
    `Duplicate platform result requested "${host}"`,
  ]);
  expect(platformWarnings("a b", [hostPlatform()], false)[0]).toContain('Invalid platform result requested "a b": ');
});
