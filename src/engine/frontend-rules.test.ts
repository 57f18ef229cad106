import { expect, test } from "vitest";
import { frontendRules } from "./frontend-rules.ts";

test("every frontend is allowed when nothing is said", () => {
  const allow = frontendRules(undefined);
  expect(() => allow("dockerfile.v0", "")).not.toThrow();
  expect(() => allow("gateway.v0", "docker/dockerfile:1")).not.toThrow();
});

test("a frontend that is switched off is none", () => {
  const allow = frontendRules({ disabled: ["dockerfile.v0"], allowedRepositories: [] });
  expect(() => allow("dockerfile.v0", "")).toThrow("invalid frontend: dockerfile.v0");
  expect(() => allow("gateway.v0", "x/y")).not.toThrow();
});

test("of a gateway's images only the listed repositories are allowed, whatever the tag", () => {
  const allow = frontendRules({ disabled: [], allowedRepositories: ["docker/dockerfile", "reg.example/a:1"] });
  expect(() => allow("gateway.v0", "docker.io/docker/dockerfile:1.7")).not.toThrow();
  expect(() => allow("gateway.v0", "reg.example/a:2")).not.toThrow();
  expect(() => allow("gateway.v0", "evil/frontend")).toThrow("'evil/frontend' is not an allowed gateway source");
  expect(() => allow("dockerfile.v0", "")).not.toThrow();
});
