import { expect, test } from "vitest";
import { PathFilter } from "./path-filter.ts";

/** The verdict on a path whose parents are directories, judged from the top down as a walk does. */
function verdict(filter: PathFilter | undefined, path: string, isDirectory = false) {
  const parts = path.split("/");
  let state = undefined as ReturnType<PathFilter["newState"]> | undefined;
  for (const depth of parts.keys()) {
    const last = depth === parts.length - 1;
    const own = last && !isDirectory ? undefined : filter?.newState();
    const verdict = filter?.judge(parts.slice(0, depth + 1).join("/"), state, own);
    if (last || verdict === "out") return verdict;
    state = own;
  }
  return undefined;
}

test("without patterns there is no filter", () => {
  expect(PathFilter.of([], [])).toBeUndefined();
});

test.each([
  [["a/b"], [], "a/b", false, "in"],
  [["a/b"], [], "a/c", false, "out"],
  [["a/b"], [], "a", true, "maybe"],
  [["a/b"], [], "other", true, "out"],
  [["a/b"], [], "a/b/below", false, "in"],
  [["*.txt"], [], "dir", true, "maybe"],
  [["a/*"], [], "b", true, "out"],
  [["a/**"], [], "a", true, "maybe"],
  [[], ["dir"], "dir", true, "out"],
  [[], ["dir"], "dir/file", false, "out"],
  [[], ["dir", "!dir/keep"], "dir", true, "maybe"],
  [[], ["dir", "!dir/keep"], "dir/keep", false, "in"],
  [[], ["dir", "!dir/keep"], "dir/drop", true, "out"],
  [[], ["**", "!**/*.go"], "any", true, "maybe"],
  [["a"], ["a/secret"], "a/secret", false, "out"],
] as const)("include %j, exclude %j: %s (directory: %s) is %s", (include, exclude, path, isDirectory, expected) => {
  expect(verdict(PathFilter.of(include, exclude), path, isDirectory)).toBe(expected);
});

test("a pattern that is none is told with the list that it stands in", () => {
  expect(() => PathFilter.of([], ["fine", "[a"])).toThrow(
    "invalid excludepatterns: [fine [a]: syntax error in pattern",
  );
});
