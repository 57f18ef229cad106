import { expect, test } from "vitest";
import { Screen } from "./screen.ts";

function shown(text: string, height = 4, width = 20): string[] {
  const screen = new Screen(height, width);
  screen.write(Buffer.from(text));
  return screen.lines;
}

test("the last lines stay", () => {
  expect(shown("1\n2\n3\n4\n5\n6")).toEqual(["3", "4", "5", "6"]);
});

test("a carriage return, backspace and erasing rewrite a line", () => {
  expect(shown("50%\r100%\rdone")).toEqual(["done"]);
  expect(shown("long line\r\u001b[Kshort")).toEqual(["short"]);
  expect(shown("abc\b\bX")).toEqual(["aXc"]);
});

test("colours and titles are dropped, tabs and wide lines wrap", () => {
  expect(shown("\u001b[31mred\u001b[0m \u001b]0;title\u0007x")).toEqual(["red x"]);
  expect(shown("a\tb")).toEqual(["a       b"]);
  expect(shown("abcdef", 4, 4)).toEqual(["abcd", "ef"]);
});

test("wide characters take two columns, combining ones none", () => {
  expect(shown("日本語", 4, 5)).toEqual(["日本", "語"]);
  expect(shown("日本\rab")).toEqual(["ab本"]);
  expect(shown("e\u0301x\u009b2J", 4, 20)).toEqual(["e\u0301x2J"]);
});

test("a cursor that moves up writes there", () => {
  expect(shown("one\ntwo\n\u001b[2AONE\n")).toEqual(["ONE", "two"]);
});

test("sequences and characters in pieces are put together", () => {
  const screen = new Screen(2, 20);
  const text = Buffer.from("\u001b[3Cé");
  for (const byte of text) screen.write(Uint8Array.of(byte));
  expect(screen.lines).toEqual(["   é"]);
});

test("a sequence without an end does not swallow the output", () => {
  expect(shown(`\u001b]0;${"x".repeat(100)}`, 8, 200).join("").length).toBeLessThan(101);
});
