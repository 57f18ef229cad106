import { expect, test } from "vitest";
import { importsOf, judgeImport, parseRooms } from "./check-rooms.ts";

const rooms = parseRooms("| 0 | kit | x | |\n| 1 | sys | x | kit |\n| 2 | archive | x | kit, sys |\n");

test("importsOf() sees static, type-only, re-exported, bare and dynamic imports", () => {
  const source = `import { a } from "./a.ts";\nimport type {\n  B,\n} from "../b/index.ts";\nexport * from "./c.ts";\nimport "./d.ts";\nawait import("./e.ts");`;
  expect(importsOf(source).sort()).toEqual(["../b/index.ts", "./a.ts", "./c.ts", "./d.ts", "./e.ts"]);
});

test("judgeImport() allows what the table lists, through the door only", () => {
  expect(judgeImport("archive/tar.ts", "../sys/index.ts", rooms)).toBeUndefined();
  expect(judgeImport("archive/tar.ts", "../sys/mount.ts", rooms)).toMatch(/past the door/);
  expect(judgeImport("sys/mount.ts", "../archive/index.ts", rooms)).toMatch(/may not import/);
});

test("judgeImport() opens a testing door to tests only", () => {
  expect(judgeImport("archive/tar.test.ts", "../sys/testing/index.ts", rooms)).toBeUndefined();
  expect(judgeImport("archive/tar.ts", "../sys/testing/index.ts", rooms)).toMatch(/past the door/);
});
