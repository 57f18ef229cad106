import { expect, test } from "vitest";
import { goQuote } from "./go-quote.ts";

test.each([
  ["/bin/sh -c echo 'a' > b & c", `"/bin/sh -c echo 'a' > b & c"`],
  ['say "hi" \\ there', String.raw`"say \"hi\" \\ there"`],
  ["a\nb\tc\x07", String.raw`"a\nb\tc\a"`],
  ["\x1b[0m\x7f", String.raw`"\x1b[0m\x7f"`],
  ["größe ☺ 🦋", '"größe ☺ 🦋"'],
  ["\u00a0\u200b", String.raw`"\u00a0\u200b"`],
  ["\x00", String.raw`"\x00"`],
  ["é한👽", '"é한👽"'],
])("goQuote(%j) is Go's %%q", (text, expected) => {
  expect(goQuote(text)).toBe(expected);
});
