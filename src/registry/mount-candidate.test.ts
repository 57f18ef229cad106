import { expect, test } from "vitest";
import { bestMount } from "./mount-candidate.ts";
import { parseTarget } from "./target.ts";

const target = parseTarget("r.example/team/app:v1");

test("bestMount() prefers the repository with the longest common path", () => {
  expect(bestMount(target, ["r.example/library/base", "r.example/team/base", "r.example/other"])).toBe("team/base");
});

test("bestMount() offers neither the target itself, nor another host, nor a folder", () => {
  expect(
    bestMount(target, ["r.example/team/app", "docker.io/library/busybox", "oci-layout:x@sha256:1"]),
  ).toBeUndefined();
});
