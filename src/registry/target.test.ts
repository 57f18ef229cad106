import { describe, expect, test } from "vitest";
import { parseTarget } from "./target.ts";

const digest = `sha256:${"a".repeat(64)}`;

describe("parseTarget()", () => {
  test("takes host, repository, tag and digest apart", () => {
    const target = parseTarget(`registry.example:5000/team/app:v1@${digest}`);
    expect(target).toMatchObject({ host: "registry.example:5000", repository: "team/app", tag: "v1", digest });
  });

  test("keeps an IPv6 host in its brackets", () => {
    expect(parseTarget("[::1]:5000/app")).toMatchObject({ host: "[::1]:5000", repository: "app", tag: undefined });
  });

  test.each([
    ["no host", "busybox"],
    ["a path that climbs", "registry.example/../../admin"],
    ["an upper case repository", "registry.example/Team/app"],
    ["a query in the tag", "registry.example/app:v1?x=y"],
    ["a space in the host", "registry example/app"],
    ["user information in the host", "user@registry.example/app"],
    ["a broken digest", "registry.example/app@sha256:abc"],
  ])("refuses %s", (_, name) => {
    expect(() => parseTarget(name)).toThrow(expect.objectContaining({ code: "registry/bad-name" }));
  });
});
