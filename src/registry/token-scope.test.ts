import { expect, test } from "vitest";
import { coversScopes, mergeScopes, repositoryScope } from "./token-scope.ts";

test("mergeScopes() joins actions of one repository and sorts", () => {
  expect(mergeScopes(["repository:b:push,pull", "repository:a:pull"], ["repository:b:pull"])).toEqual([
    "repository:a:pull",
    "repository:b:pull,push",
  ]);
});

test("mergeScopes() keeps a colon inside the name", () => {
  expect(mergeScopes(["repository:host:5000/a:pull repository:x:pull"])).toEqual([
    "repository:host:5000/a:pull",
    "repository:x:pull",
  ]);
});

test("coversScopes() wants every action of every resource", () => {
  const have = [repositoryScope("a", true)];
  expect(coversScopes(have, [repositoryScope("a", false)])).toBe(true);
  expect(coversScopes([repositoryScope("a", false)], have)).toBe(false);
  expect(coversScopes(have, [repositoryScope("b", false)])).toBe(false);
});
