import { expect, test } from "vitest";
import { codesIn, codesOnPage, familiesOf, fullStops, judge, namedIn } from "./check-errors.ts";

const families = familiesOf(["ops", "storage"]);

test("codesIn() finds codes of the families wherever they are literals, and no other text", () => {
  const source = `throw new CooperError(\n  "ops/no-git",\n  "cannot run git"); const code = "storage/busy";
import { x } from "../storage/index.ts"; f("text/plain", "dockerfile/cycle", isCooperError(e, "ops/"));`;
  expect(codesIn(source, families)).toEqual(["ops/no-git", "storage/busy", "dockerfile/cycle"]);
});

test("namedIn() finds codes in comments, and leaves out folders", () => {
  const source =
    "/**\n * Does it (`ops/file`). Throws `ops/no-git`, `storage/busy`.\n */\nconst a = `ops/other`; // never `ops/gone`";
  expect(namedIn(source, families, new Set(["ops/file"]))).toEqual(["ops/no-git", "storage/busy", "ops/gone"]);
});

test("codesOnPage() reads the first column of tables", () => {
  expect(codesOnPage("| code | when |\n|---|---|\n| `ops/no-git` | `git` is missing |\n`ops/other`")).toEqual([
    "ops/no-git",
  ]);
});

test("fullStops() finds sentences that end with a full stop, and allows an ellipsis", () => {
  const source = 'new CooperError("a/b", "cannot do it."); new CooperError("a/b", `waiting ...`);';
  expect(fullStops(source)).toEqual(["cannot do it."]);
});

test("judge() tells of codes that only one side has, of doubles, and of comments about nothing", () => {
  const used = [
    { code: "ops/a", place: "src/a.ts" },
    { code: "ops/b", place: "src/b.ts" },
  ];
  const named = [{ code: "ops/c", place: "src/a.ts" }];
  expect(judge(used, named, ["ops/a", "ops/a", "ops/d"])).toEqual([
    'src/b.ts: code "ops/b" is not in docs/errors.md',
    'docs/errors.md: no error has the code "ops/d"',
    'docs/errors.md: "ops/a" stands there twice',
    'src/a.ts: a comment names the code "ops/c", which no error has',
  ]);
  expect(judge(used, [], ["ops/a", "ops/b"])).toEqual([]);
});
