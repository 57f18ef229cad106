import { expect, test } from "vitest";
import {
  canonicalReference,
  familiarName,
  familiarReference,
  formatReference,
  parseReference,
  withDefaultTag,
} from "./reference.ts";

const hex = "ab".repeat(32);

test.each([
  ["busybox", "docker.io/library/busybox", "busybox"],
  ["busybox:1", "docker.io/library/busybox:1", "busybox:1"],
  ["index.docker.io/busybox", "docker.io/library/busybox", "busybox"],
  ["moby/buildkit", "docker.io/moby/buildkit", "moby/buildkit"],
  ["docker.io/library/a/b", "docker.io/library/a/b", "library/a/b"],
  ["localhost/x", "localhost/x", "localhost/x"],
  ["localhost:5000/x:v1", "localhost:5000/x:v1", "localhost:5000/x:v1"],
  ["[::1]:5000/x", "[::1]:5000/x", "[::1]:5000/x"],
  ["Upper/x", "Upper/x", "Upper/x"],
  [`ghcr.io/a/b__c--d:t@sha256:${hex}`, `ghcr.io/a/b__c--d:t@sha256:${hex}`, `ghcr.io/a/b__c--d:t@sha256:${hex}`],
])("parseReference() normalises %s", (text, canonical, familiar) => {
  const reference = parseReference(text);
  expect(formatReference(reference)).toBe(canonical);
  expect(familiarReference(reference)).toBe(familiar);
});

test.each([
  ["", "invalid reference format"],
  ["a b", "invalid reference format"],
  ["Busybox", "invalid reference format: repository name (library/Busybox) must be lowercase"],
  ["ghcr.io/A/b:t", "invalid reference format: repository name (A/b) must be lowercase"],
  [hex, `invalid repository name (${hex}), cannot specify 64-byte hexadecimal strings`],
  ["x:-t", "invalid reference format"],
  [`x@sha256:${"a".repeat(40)}`, "invalid checksum digest length"],
  [`x@md9:${"a".repeat(40)}`, "unsupported digest algorithm"],
  ["a".repeat(300), "repository name must not be more than 255 characters"],
  [`${"a-".repeat(5000)}!`, "invalid reference format"],
])("parseReference() refuses %.20s as upstream does", (text, message) => {
  expect(() => parseReference(text)).toThrow(message);
});

test("parseReference() is quick on names made to be slow", () => {
  const started = performance.now();
  for (const part of ["a-", "a.", "a/", "a__", "A."]) expect(() => parseReference(`${part.repeat(400)}!`)).toThrow();
  expect(performance.now() - started).toBeLessThan(5_000);
});

test("withDefaultTag() adds latest only where nothing else pins the image", () => {
  expect(canonicalReference("busybox")).toBe("docker.io/library/busybox:latest");
  expect(withDefaultTag(parseReference(`busybox@sha256:${hex}`)).tag).toBeUndefined();
  expect(familiarName(parseReference("busybox:1"))).toBe("busybox");
});
