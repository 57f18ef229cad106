import { expect, test } from "vitest";
import { columnsOf, fitColumns } from "./columns.ts";

test("East Asian characters and emoji take two columns, combining ones none", () => {
  expect(["a", "é", "☃", "日", "한", "🚀", "\u0301", "\u200d"].map(columnsOf)).toEqual([1, 1, 1, 2, 2, 2, 0, 0]);
});

test("a text is cut or padded to the columns that it has", () => {
  expect(fitColumns("abc", 5)).toBe("abc  ");
  expect(fitColumns("abcdef", 5)).toBe("abcde");
  expect(fitColumns("日本語", 5)).toBe("日本 ");
  expect(fitColumns("e\u0301e", 2)).toBe("e\u0301e");
});

test("no character of a text moves the cursor", () => {
  expect(fitColumns("a\tb\nc\u009b2Jd", 10)).toBe("a b c 2Jd ");
});
