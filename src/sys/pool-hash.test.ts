import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { sha256 } from "../kit/index.ts";
import { createPoolHasher, openLibrary } from "./index.ts";

it("createPoolHasher() hashes small and large chunks to what node:crypto says", async () => {
  for (const sizes of [[], [0], [1, 64 * 1024, 3, 1_000_000], [5_000_000]]) {
    const chunks = sizes.map((size) => randomBytes(size));
    const hasher = createPoolHasher();
    for (const chunk of chunks) await hasher.update(chunk);
    expect(hasher.finish()).toBe(sha256(...chunks));
  }
  createPoolHasher().dispose();
});

it("openLibrary() takes the first that is there, or none", () => {
  expect(openLibrary("libnothing-of-this-name.so.1")).toBeUndefined();
  const library = openLibrary("libnothing-of-this-name.so.1", null);
  expect(library?.bind("int abs(int)")(-5)).toBe(5);
});
