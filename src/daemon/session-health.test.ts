import { expect, test } from "vitest";
import { healthTiming } from "./session-health.ts";

const usual = { interval: 5000, patience: 15_000, threshold: 2 };

test("a caller may ask for questions at other times, and one miss is enough then", () => {
  expect(healthTiming("2500")).toEqual({ interval: 2500, patience: 2500, threshold: 1 });
  expect(healthTiming("3")).toEqual({ interval: 1000, patience: 1000, threshold: 1 });
  expect(healthTiming("999999999999999").interval).toBe(2 ** 31 - 1);
});

test.each([undefined, "", "0", "-5", "1.5", "soon"])("%s asks for nothing", (wanted) => {
  expect(healthTiming(wanted)).toEqual(usual);
});
