import { describe, expect, test } from "vitest";
import { signalNumber } from "./signal-number.ts";

describe("signalNumber()", () => {
  test.each([
    ["INT", 2],
    ["SIGKILL", 9],
    ["winch", 28],
    ["RTMIN", 34],
    ["SIGRTMIN+3", 37],
    ["RTMAX-1", 63],
  ])("%s is %i", (name, number) => expect(signalNumber(name)).toBe(number));

  test.each(["", "NOPE", "RTMIN-1", "RTMAX+1", "9"])("refuses %j", (name) => {
    expect(() => signalNumber(name)).toThrow(expect.objectContaining({ code: "executor/bad-signal" }));
  });
});
