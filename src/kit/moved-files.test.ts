import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bringBack, forgetMoved, noteMoved } from "./moved-files.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-moved-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
function move(home: string, place: string): void {
  noteMoved(folder, at(home), at(place));
  renameSync(at(home), at(place));
}

test("what was moved comes back, one in another too; what has been replaced, or has no place any more, stays", () => {
  for (const name of ["tree", "a", "b", "lost"]) mkdirSync(at(name));
  for (const name of ["a/file", "b/file", "taken", "lost/file"]) writeFileSync(at(name), name);
  move("a", "tree/a");
  move("b", "tree/a/b");
  move("taken", "tree/taken");
  move("lost/file", "tree/lost");
  writeFileSync(at("taken"), "new");
  rmSync(at("lost"), { recursive: true });
  appendFileSync(at("moved"), '["cut o');
  bringBack(folder);
  expect(readFileSync(at("a/file"), "utf8")).toBe("a/file");
  expect(readFileSync(at("b/file"), "utf8")).toBe("b/file");
  expect(readFileSync(at("taken"), "utf8")).toBe("new");
  expect(existsSync(at("tree/lost"))).toBe(true);
  forgetMoved(folder);
  expect(existsSync(at("moved"))).toBe(false);
  bringBack(folder);
});
