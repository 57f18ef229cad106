import { describe, expect, it } from "vitest";
import { alignColumns } from "./columns.ts";

describe("alignColumns()", () => {
  it("aligns neighbours, and only neighbours", () => {
    expect(alignColumns(["a\tb\tc", "aaa\tb", "x", "é\ty"], 1)).toBe("a   b c\naaa b\nx\né y\n");
  });

  it("counts code points", () => {
    expect(alignColumns(["👽👽\tx", "abc\ty"], 2)).toBe("👽👽   x\nabc  y\n");
  });
});
