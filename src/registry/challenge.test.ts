import { expect, test } from "vitest";
import { parseChallenges } from "./challenge.ts";

test("parseChallenges() reads quoted parameters with commas", () => {
  const header =
    'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"';
  expect(parseChallenges(header)).toEqual([
    {
      scheme: "bearer",
      parameters: {
        realm: "https://auth.example/token",
        service: "registry.example",
        scope: "repository:a/b:pull,push",
      },
    },
  ]);
});

test("parseChallenges() puts bearer before basic and ignores the others", () => {
  const header = 'Negotiate, Basic realm="x", Bearer realm=https://a.example/t';
  expect(parseChallenges(header).map((challenge) => [challenge.scheme, challenge.parameters.realm])).toEqual([
    ["bearer", "https://a.example/t"],
    ["basic", "x"],
  ]);
});

test("parseChallenges() finds nothing in rubbish", () => {
  expect(parseChallenges(undefined)).toEqual([]);
  expect(parseChallenges('"=,=",,===\\"')).toEqual([]);
  expect(parseChallenges("a".repeat(100_000))).toEqual([]);
});
