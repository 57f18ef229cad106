import { expect, test } from "vitest";
import {
  formatPlatform,
  formatPlatformAll,
  hostPlatform,
  normalizePlatform,
  type Platform,
  parsePlatform,
} from "./platform.ts";
import { bestMatch, samePlatform } from "./platform-match.ts";

const of = (text: string): Platform => parsePlatform(text);

test.each([
  ["linux/amd64", "linux/amd64"],
  ["linux/x86_64", "linux/amd64"],
  ["linux/amd64/v1", "linux/amd64"],
  ["linux/amd64/v3", "linux/amd64/v3"],
  ["linux/aarch64", "linux/arm64"],
  ["linux/arm64/v8", "linux/arm64/v8"],
  ["linux/arm", "linux/arm"],
  ["linux/arm/v7", "linux/arm/v7"],
  ["linux/armel", "linux/arm/v6"],
  ["macos/arm64", "darwin/arm64"],
  ["arm64", `${hostPlatform().os}/arm64`],
  ["linux", `linux/${hostPlatform().architecture}`],
  ["windows(10.0.17763+win32k)/amd64", "windows(10.0.17763+win32k)/amd64"],
])("parsePlatform() reads %s", (text, formatted) => {
  expect(formatPlatformAll(of(text))).toBe(formatted);
});

test("a normal form of arm64/v8 has no variant and one of arm has", () => {
  expect(formatPlatform(normalizePlatform(of("linux/arm64/v8")))).toBe("linux/arm64");
  expect(formatPlatform(normalizePlatform(of("linux/arm")))).toBe("linux/arm/v7");
});

test.each([
  ["linux/*", "wildcards not yet supported"],
  ["nothing", "unknown operating system or architecture"],
  ["linux/amd64/v1/x", "cannot parse platform specifier"],
  ["linux/am d64", '"am d64" is an invalid component of "linux/am d64"'],
  ["", "is an invalid OS component"],
])("parsePlatform() refuses %s", (text, message) => {
  expect(() => of(text)).toThrow(message);
});

test.each([
  ["linux/amd64", "linux/386", true],
  ["linux/amd64", "linux/amd64/v2", false],
  ["linux/amd64/v3", "linux/amd64/v2", true],
  ["linux/amd64/v3", "linux/amd64", true],
  ["linux/arm/v7", "linux/arm/v6", true],
  ["linux/arm/v6", "linux/arm/v7", false],
  ["linux/arm64", "linux/arm/v7", true],
  ["linux/arm64", "linux/arm64/v8", true],
  ["linux/arm64/v9.1", "linux/arm64/v8.6", true],
  ["linux/arm64/v9.1", "linux/arm64/v8.7", false],
  ["linux/amd64", "linux/arm64", false],
])("on %s, bestMatch() takes %s: %s", (wanted, offered, outcome) => {
  expect(bestMatch(of(wanted), [of(offered)], (entry) => entry) !== undefined).toBe(outcome);
});

test("bestMatch() takes the nearest variant, whatever the order", () => {
  const offered = ["linux/arm/v6", "linux/386", "linux/amd64", "linux/arm/v7", "linux/arm64"].map(of);
  const best = (wanted: string) => {
    const found = bestMatch(of(wanted), offered, (entry) => entry);
    return found && formatPlatform(found);
  };
  expect(best("linux/amd64")).toBe("linux/amd64");
  expect(best("linux/arm")).toBe("linux/arm/v7");
  expect(best("linux/arm64/v9")).toBe("linux/arm64");
  expect(best("linux/s390x")).toBeUndefined();
  expect(samePlatform(of("linux/arm64"), of("linux/arm64/v8"))).toBe(true);
  expect(samePlatform(of("linux/amd64"), of("linux/386"))).toBe(false);
});
