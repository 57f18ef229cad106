import { describe, expect, it } from "vitest";
import { keepBytes } from "./housekeeping.ts";

describe("keepBytes()", () => {
  it("has no limit when none is given", () => {
    expect(keepBytes({}, 100, 5)).toBeUndefined();
  });
  it("keeps what may be used, and the reserved part in any case", () => {
    expect(keepBytes({ maxUsedSpace: 50 }, 100, 5)).toBe(50);
    expect(keepBytes({ reservedSpace: 70 }, 100, 5)).toBe(70);
    expect(keepBytes({ maxUsedSpace: 50, reservedSpace: 70 }, 100, 5)).toBe(70);
  });
  it("makes room until enough is free on the disk", () => {
    expect(keepBytes({ minFreeSpace: 25 }, 100, 5)).toBe(80);
    expect(keepBytes({ minFreeSpace: 25, maxUsedSpace: 50 }, 100, 5)).toBe(50);
    expect(keepBytes({ minFreeSpace: 25, reservedSpace: 90 }, 100, 5)).toBe(90);
    expect(keepBytes({ minFreeSpace: 250 }, 100, 5)).toBe(0);
  });
  it("lets everything be while enough is free", () => {
    expect(keepBytes({ minFreeSpace: 5 }, 100, 5)).toBe(100);
    expect(keepBytes({ minFreeSpace: 5, maxUsedSpace: 120 }, 100, 5)).toBe(120);
  });
});
