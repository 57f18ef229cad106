import { expect, test } from "vitest";
import { isThere, localLinks, quotedPaths } from "./check-docs.ts";

test("quotedPaths() finds files and paths from the top, and nothing in blocks of code", () => {
  const page =
    "See `solver/node.ts` and `src/llb/`, run `npm test`, in `hashes/`.\n```sh\n`src/none.ts`\n```\n`dispatch*.ts`";
  expect(quotedPaths(page)).toEqual(["solver/node.ts", "src/llb/", "dispatch*.ts"]);
});

test("isThere() takes whole parts of a path, and a star for a part of a name", () => {
  const files = new Set(["src/solver/node.ts", "src/convert/dispatch-arg.ts"]);
  expect(
    ["solver/node.ts", "node.ts", "dispatch*.ts", "src/solver/node.ts"].map((path) => isThere(path, files)),
  ).toEqual([true, true, true, true]);
  expect(isThere("ode.ts", files)).toBe(false);
  expect(isThere("solver/edge.ts", files)).toBe(false);
});

test("localLinks() leaves out the web and anchors", () => {
  expect(localLinks("[a](docs/a.md#top) [b](https://example.com/b) [c](c.md)")).toEqual(["docs/a.md", "c.md"]);
});
