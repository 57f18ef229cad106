import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { Lab } from "./lab.ts";
import { startRegistry, type TestRegistry } from "./registry.ts";

/** What is there while a test runs; asking at another time throws. */
export interface Place {
  readonly registry: TestRegistry;
  readonly lab: Lab;
}

/**
 * A registry for all tests of the file, and a lab for each of them. A test fails when a mount or a process of its lab stays. Set-up
 * of the file's own that needs them comes behind this call, and tidying up before it is gone.
 */
export function useLab(): Place {
  let registry: TestRegistry | undefined;
  let lab: Lab | undefined;
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => registry?.[Symbol.asyncDispose]());
  beforeEach(() => {
    lab = new Lab(registry);
  });
  afterEach(async () => {
    const left = await lab?.settled();
    lab?.[Symbol.dispose]();
    lab = undefined;
    expect(left).toEqual([]);
  });
  return {
    get registry() {
      return there(registry);
    },
    get lab() {
      return there(lab);
    },
  };
}

function there<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error("a lab and its registry are there while tests run");
  return thing;
}
