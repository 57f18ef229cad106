// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings are Dockerfile syntax
import { describe, expect, it } from "vitest";
import { environmentOf, expandWord, type ShellOptions } from "./lexer.ts";

const env = environmentOf(["HOME=/root", "EMPTY=", "NAME=cooper", "LIST=a  b", "FILE=lib.tar.gz", "한=글", "ONE=1=2"]);
const expand = (word: string, options: ShellOptions = {}) => expandWord(word, env, options).result;
const failure = (word: string): string => {
  try {
    expand(word);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
};

describe("expandWord() without braces", () => {
  it.each([
    ["plain", "plain"],
    ["$HOME/bin", "/root/bin"],
    ["$NOPE/bin", "/bin"],
    ["a$", "a$"],
    ["$.", "$."],
    ["$1x$23y", "xy"],
    ["$@$*$-z", "z"],
    ["$한", "글"],
    ["$ONE", "1=2"],
    ["\uFEFF$NAME", "cooper"],
  ])("%j gives %j", (word, result) => expect(expand(word)).toBe(result));
});

describe("expandWord() and quotes", () => {
  it.each([
    ["'$HOME'", "$HOME"],
    ['"$HOME"', "/root"],
    ['"it\'s"', "it's"],
    ['a\\"b', 'a"b'],
    ['"a\\"b"', 'a"b'],
    ['"a\\nb"', "a\\nb"],
    ["a\\nb", "anb"],
    ["'a\\nb'", "a\\nb"],
    ["\\$HOME", "$HOME"],
    ["end\\", "end"],
    ['"end\\\\"', "end\\"],
  ])("%j gives %j", (word, result) => expect(expand(word)).toBe(result));

  it("keeps quotes and escapes when told", () => {
    expect(expand("'a' \"$NAME\" \\b", { rawQuotes: true, rawEscapes: true })).toBe("'a' \"cooper\" \\b");
  });

  it("takes quotes for ordinary characters when told", () => {
    expect(expand("it's $NAME's", { skipProcessQuotes: true })).toBe("it's cooper's");
  });

  it("uses the escape token of the file", () => {
    expect(expand("C:\\dir\\`$NAME `` $NAME", { escapeToken: "`" })).toBe("C:\\dir\\$NAME ` cooper");
  });

  it("leaves unset variables alone when told", () => {
    const word = "$NOPE ${NOPE} ${NOPE:-x} ${NOPE##a} ${NOPE/a/b} $NAME";
    expect(expand(word, { skipUnsetEnv: true })).toBe("$NOPE ${NOPE} ${NOPE:-x} ${NOPE##a} ${NOPE/a/b} cooper");
  });
});

describe("expandWord() with modifiers", () => {
  it.each([
    ["${NOPE:-x}${EMPTY:-y}${NAME:-z}", "xycooper"],
    ["${NOPE-x}${EMPTY-y}", "x"],
    ["${NOPE:+x}${EMPTY:+y}${NAME:+z}", "z"],
    ["${NOPE+x}${EMPTY+y}${NAME+z}", "yz"],
    ["${EMPTY?never}${NAME:?never}", "cooper"],
    ["${NOPE:-${EMPTY:-${NAME}}}", "cooper"],
    ["${NOPE:-'}'}", "}"],
    ['"${NOPE:-"a b"}"', "a b"],
    ["${FILE#*.}|${FILE##*.}", "tar.gz|gz"],
    ["${FILE%.*}|${FILE%%.*}", "lib.tar|lib"],
    ["${FILE#lib?}", "tar.gz"],
    ["${FILE#x}", "lib.tar.gz"],
    ["${FILE/a/A}|${FILE//[.]/-}|${FILE//./-}", "lib.tAr.gz|lib.tar.gz|lib-tar-gz"],
    ["${FILE/t*r/T}", "lib.T.gz"],
    ["${HOME/\\//_}", "_root"],
    ["${FILE//?/x}", "xxxxxxxxxx"],
    ["${NAME//*/\\$0$0}", "\\cooper"],
    ["${NAME//o/}", "cper"],
  ])("%j gives %j", (word, result) => expect(expand(word)).toBe(result));

  it("keeps escaped wildcards literal", () => {
    const star = environmentOf(["X=a*b*c"]);
    expect(expandWord("${X#*\\*}", star).result).toBe("b*c");
    expect(expandWord("${X%%\\**}", star).result).toBe("a");
  });
});

describe("expandWord() refuses", () => {
  it.each([
    ["${}", "syntax error: bad substitution"],
    ["${:x}", "syntax error: bad substitution"],
    ["${", "syntax error: missing '}'"],
    ["${NAME//x}", "syntax error: missing '/' in ${}"],
    ["${NAME:-x", "syntax error: missing '}'"],
    ["${NAME!x}", "unsupported modifier (!) in substitution"],
    ["${NAME:=x}", "unsupported modifier (:=) in substitution"],
    ["${NAME:#x}", "unsupported modifier (:#) in substitution"],
    ["${NOPE:?}", "NOPE: is not allowed to be unset"],
    ["${EMPTY:?}", "EMPTY: is not allowed to be empty"],
    ["${NOPE:?say $NAME}", "NOPE: say cooper"],
    ["${FILE#\\x}", "invalid pattern (\\x) in substitution: invalid escape '\\x'"],
    ["it's", "unexpected end of statement while looking for matching single-quote"],
    ['say "', "unexpected end of statement while looking for matching double-quote"],
  ])("%j: %s", (word, reason) => {
    expect(failure(word)).toBe(`failed to process ${JSON.stringify(word)}: ${reason}`);
  });
});

describe("expandWord() splits into words", () => {
  it.each([
    ["a  b c", ["a", "b", "c"]],
    ["a$LIST", ["aa", "b"]],
    ['"$LIST" c', ["a  b", "c"]],
    ["a\\ b", ["a b"]],
    ["<< EOF x", ["<< EOF", "x"]],
    ["'' x", ["x"]],
  ])("%j as %j", (word, words) => expect(expandWord(word, env).words).toEqual(words));

  it("loses what stands before a nested word, as upstream does", () => {
    expect(expandWord("80${NOPE:-81}", env)).toMatchObject({ result: "8081", words: ["81"] });
  });
});

describe("expandWord() tells the names", () => {
  it("that it found and that it did not, defaults or not", () => {
    const { matched, unmatched } = expandWord("$NAME ${NOPE:-${OTHER}} '$QUOTED'", env);
    expect([...matched]).toEqual(["NAME"]);
    expect([...unmatched].sort()).toEqual(["NOPE", "OTHER"]);
  });
});

describe("expandWord() is bounded", () => {
  it("in nesting", () => {
    const deep = `${"${A:-".repeat(5000)}x${"}".repeat(5000)}`;
    expect(() => expand(deep)).toThrow("nested more than 200 deep");
  });

  it("in size", () => {
    const big = environmentOf([`A=${"x".repeat(1 << 20)}`]);
    expect(() => expandWord("$A".repeat(17), big)).toThrow("expand to more than");
  });

  it("in matching: stars do not multiply", () => {
    const long = environmentOf([`A=${"a".repeat(20_000)}`]);
    expect(expandWord(`\${A##${"*a".repeat(20)}*b}`, long).result).toHaveLength(20_000);
  });

  it("in matching: a huge product is refused", () => {
    const long = environmentOf([`A=${"a".repeat(1 << 20)}`]);
    expect(() => expandWord(`\${A##${"*a".repeat(500)}b}`, long)).toThrow("value and pattern are too long");
  });
});
