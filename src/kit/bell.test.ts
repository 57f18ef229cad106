import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { Bell } from "./bell.ts";

test("a bell wakes all who wait, once", async () => {
  const bell = new Bell();
  const { signal } = new AbortController();
  const woken = Promise.all([bell.next(signal), bell.next(signal)]);
  bell.ring();
  await woken;
  expect(bell.waiting).toBe(0);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("whoever gives up leaves nothing", async () => {
  const bell = new Bell();
  for (let count = 0; count < 100; count++) {
    const controller = new AbortController();
    const waiting = bell.next(controller.signal);
    controller.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
  }
  await expect(bell.next(AbortSignal.abort(new Error("late")))).rejects.toThrow("late");
  expect(bell.waiting).toBe(0);
});
