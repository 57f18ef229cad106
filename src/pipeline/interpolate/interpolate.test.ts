// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expansions are what is tested.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { interpolate } from "./interpolate.ts";

const variables = new Map([
  ["ONE", "A test"],
  ["TWO", "Another"],
  ["RAW", "only one level of $TWO"],
  ["EMPTY", ""],
  ["SHA", "1adf998e39f647b4b25842f107c6ed9d30a3a7c7"],
  ["CRAB", "🦀x"],
  ["VERSION", "12.3.4-rc.1"],
  ["IMAGE", "host:5000/a/b:tag"],
]);

describe("interpolate() gives what Buildkite's upload gives", () => {
  test.each([
    // Values, and what is none.
    ["", ""],
    ["plain", "plain"],
    ["$ONE", "A test"],
    ["${ONE}, $TWO", "A test, Another"],
    ["my$ONE", "myA test"],
    ["$one, ${Two}", ", "],
    ["$RAW", "only one level of $TWO"],
    ["test_$SHA_$TWO", "test_Another"],
    ["test-$TWO-x", "test-Another-x"],
    // Escapes: the shell sees the dollar.
    ["$$ONE \\$ONE $${ONE} \\${ONE}", "$ONE $ONE ${ONE} ${ONE}"],
    ["$${NO:-$ONE}", "${NO:-A test}"],
    ["$${NO:-$$ONE}", "${NO:-$ONE}"],
    ["grep 'xi$$'", "grep 'xi$'"],
    ["$$$ONE", "$A test"],
    ["a\\\\b \\n \\", "a\\\\b \\n \\"],
    ["build \\\n  --opt x=$TWO \\\n", "build \\\n  --opt x=Another \\\n"],
    ["\\\\$ONE", "\\\\A test"],
    // Command substitution is the shell's; variables within are not.
    ["$(echo hi)", "$(echo hi)"],
    ["$(echo $TWO)", "$(echo Another)"],
    ["$(", "$("],
    // No name follows: the dollar stays.
    ["cost: 5$", "cost: 5$"],
    ["This $ is none", "This $ is none"],
    ["awk '{print $1}' $? $@ $_ $!", "awk '{print $1}' $? $@ $_ $!"],
    // Defaults.
    ["${NO-a} ${NO:-b} ${EMPTY-c} ${EMPTY:-d} ${ONE:-e}", "a b  d A test"],
    ["${NO:-${EMPTY:-$TWO}}", "Another"],
    ["${NO:-text ${TWO:-x} with $ONE}", "text Another with A test"],
    ["${EMPTY:--:{}}", "-:{}"],
    ["${NO:-127}", "127"],
    ["${SHA:-7}", "1adf998e39f647b4b25842f107c6ed9d30a3a7c7"],
    // Substrings, in bytes.
    ["${SHA:0:7}", "1adf998"],
    ["${SHA:7:7}", "e39f647"],
    ["${SHA: -7}", "0a3a7c7"],
    ["${SHA:7:-7}", "e39f647b4b25842f107c6ed9d3"],
    ["${SHA:128}|${SHA: -128:4}|${SHA:0:0}|${SHA:7:-128}|${SHA:38:9}", "|1adf|||c7"],
    ["${NO:7:14}${NO:3}", ""],
    ["${CRAB:4}", "x"],
    ["${ONE?gone}", "A test"],
    ["${EMPTY?gone}", ""],
    // Trims.
    ["${VERSION%.*} ${VERSION%%.*}", "12.3.4-rc 12"],
    ["${VERSION#*.} ${VERSION##*.}", "3.4-rc.1 1"],
    ["${IMAGE##*/} ${IMAGE%:*} ${VERSION%-rc.[0-9]} ${VERSION#??.}", "b:tag host:5000/a/b 12.3.4 3.4-rc.1"],
    ["${VERSION%nope} ${VERSION%$ONE}", "12.3.4-rc.1 12.3.4-rc.1"],
  ])("%j is %j", (text, wanted) => {
    expect(interpolate(text, variables)).toBe(wanted);
  });

  test.each([
    ["${NO?}", "$NO: not set"],
    ["${NO?say $TWO}", "$NO: say Another"],
    ["${NO?{}}", "$NO: {"],
    ["${1}", "Expected identifier to start with a letter, got 1"],
    ["${}", "Expected identifier to start with a letter, got }"],
    ["${", "Expected identifier to start with a letter, got the end of the text"],
    ["${ONE+x}", "Expected an operator, got +"],
    ["${ONE:x}", 'Unable to parse offset: parsing "x": invalid syntax'],
    ["${ONE:1:y}", 'Unable to parse length: parsing "y": invalid syntax'],
    ["${ONE:-x", "Expected brace expansion to end with }, got the end of the text"],
  ])("%j is refused: %s", (text, message) => {
    expect(() => interpolate(text, variables)).toThrow(
      expect.objectContaining({ code: "pipeline/interpolation", message }),
    );
  });

  test("no text makes it hang or fail otherwise", () => {
    const bits = fc.constantFrom(
      "$",
      "{",
      "}",
      ":",
      "-",
      "?",
      "%",
      "#",
      "\\",
      "A",
      "é",
      "1",
      " ",
      "(",
      "*",
      "🦀",
      "\ud800",
    );
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 40 }), (parts) => {
        try {
          interpolate(parts.join(""), variables);
        } catch (error) {
          expect(error).toHaveProperty("code", "pipeline/interpolation");
        }
      }),
      { numRuns: 2000 },
    );
    expect(() => interpolate("${A:-".repeat(50_000), variables)).toThrow("nest too deep");
  });
});
