import { describe, expect, it } from "vitest";
import { CooperError } from "../../../kit/index.ts";
import { locate, relocate, reworded, sourceDetailsOf } from "./errors.ts";
import { dockerfileSource } from "./file.ts";
import { nearest, withSuggestion } from "./messages.ts";
import { lineRanges } from "./node.ts";

const source = dockerfileSource(new Uint8Array());

describe("locate()", () => {
  it("adds places in order, and relocate() leaves one", () => {
    const first = locate(new CooperError("dockerfile/x", "m", { hint: "h" }), source, lineRanges(2, 3));
    const second = locate(first, source, lineRanges(5, 5));
    expect(second).toMatchObject({ code: "dockerfile/x", message: "m", hint: "h" });
    expect(sourceDetailsOf(second)).toEqual({
      kind: "source",
      source,
      ranges: lineRanges(2, 3),
      more: [{ kind: "source", source, ranges: lineRanges(5, 5) }],
    });
    const moved = relocate(second, source, lineRanges(9, 9));
    expect(sourceDetailsOf(moved)).toEqual({ kind: "source", source, ranges: lineRanges(9, 9) });
  });

  it("makes a CooperError of any error", () => {
    expect(locate(new TypeError("t"), source, [])).toMatchObject({ code: "dockerfile/invalid", message: "t" });
  });
});

describe("reworded()", () => {
  it("keeps everything but the sentence", () => {
    const error = locate(new CooperError("a/b", "m"), source, lineRanges(1, 1));
    expect(reworded(error, (message) => `x: ${message}`)).toMatchObject({
      code: "a/b",
      message: "x: m",
      details: error.details,
    });
  });
});

describe("nearest()", () => {
  it("takes the nearest within two edits, in the case of the word", () => {
    expect(nearest("platfrm", ["form", "platform"], true)).toBe("platform");
    expect(nearest("RUNN", ["RUN", "USER"], false)).toBe("RUN");
    expect(nearest("Runn", ["RUN", "USER"], false)).toBe("run");
    expect(nearest("zzz", ["chmod"], true)).toBeUndefined();
  });

  it("suggests nothing for a word that is an option", () => {
    expect(withSuggestion("m", "run", ["RUNS", "RUN"], false)).toBe("m");
  });
});
