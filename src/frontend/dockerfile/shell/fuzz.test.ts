// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings are Dockerfile syntax
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CooperError } from "../../../kit/index.ts";
import { environmentOf, expandWord } from "./lexer.ts";

/** `COOPER_FUZZ_RUNS=1000000` for a long run by hand. */
const numRuns = Number(process.env.COOPER_FUZZ_RUNS ?? 2000);

const piece = fc.oneof(
  fc.constantFrom(
    "$",
    "{",
    "}",
    "${A",
    "${",
    ":-",
    ":+",
    "?",
    "#",
    "##",
    "%",
    "/",
    "//",
    "\\",
    "`",
    "'",
    '"',
    "*",
    "<<",
    " ",
  ),
  fc.constantFrom("A", "B", "_", "7", "\n", "\0", "\uFEFF", "é", "👽", "\ud800"),
  fc.string({ maxLength: 3 }),
);
const word = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));
const options = fc.record({
  escapeToken: fc.constantFrom("\\", "`"),
  rawQuotes: fc.boolean(),
  rawEscapes: fc.boolean(),
  skipProcessQuotes: fc.boolean(),
  skipUnsetEnv: fc.boolean(),
});

describe("expandWord() and hostile words", () => {
  it("answers or throws a CooperError, whatever the word", () => {
    fc.assert(
      fc.property(word, word, options, (text, value, how) => {
        try {
          const { result, words } = expandWord(text, environmentOf([`A=${value}`]), how);
          expect(typeof result).toBe("string");
          expect(words.includes("")).toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(CooperError);
          expect((error as CooperError).code).toBe("dockerfile/expansion");
        }
      }),
      { numRuns },
    );
  });

  it("takes linear time for long runs of any one construct", () => {
    for (const unit of ["$A", "${A:-x}", "'", '"', "\\", "${A#", "${A/", "<<", "$", "${", "a ", "👽"]) {
      const long = unit.repeat(100_000 / unit.length);
      try {
        expandWord(long, environmentOf(["A=b"]));
      } catch (error) {
        expect(error).toBeInstanceOf(CooperError);
      }
    }
  });
});
