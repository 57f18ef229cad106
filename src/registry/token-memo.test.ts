import { expect, test } from "vitest";
import { TokenMemo } from "./token-memo.ts";

const lasting = { value: "good", expires: Date.now() + 3_600_000 };
const over = { value: "old", expires: 0 };

test("a token is fetched once while it is good", async () => {
  const memo = new TokenMemo();
  let fetched = 0;
  const fetch = async () => {
    fetched++;
    return lasting;
  };
  expect(await Promise.all([memo.get("a", fetch), memo.get("a", fetch)])).toEqual([lasting, lasting]);
  expect(await memo.get("a", fetch)).toBe(lasting);
  expect(fetched).toBe(1);
  memo.forget("a");
  await memo.get("a", fetch);
  expect(fetched).toBe(2);
});

test("tokens of callers that never come back do not gather", async () => {
  const memo = new TokenMemo();
  await memo.get("mine", async () => lasting);
  for (let caller = 0; caller < 5000; caller++) await memo.get(`caller ${caller}`, async () => over);
  expect(memo.size).toBeLessThanOrEqual(50);
  expect(await memo.get("mine", async () => over)).toBe(lasting);
});

test("however long tokens are said to last, only so many are kept", async () => {
  const memo = new TokenMemo();
  for (let caller = 0; caller < 5000; caller++) await memo.get(`caller ${caller}`, async () => lasting);
  expect(memo.size).toBeLessThanOrEqual(1000);
});

test("a failure is everybody's own: others ask anew, and none is kept", async () => {
  const memo = new TokenMemo();
  const failing = memo.get("a", () => Promise.reject(new Error("cancelled")));
  const waiting = memo.get("a", async () => lasting);
  await expect(failing).rejects.toThrow("cancelled");
  expect(await waiting).toBe(lasting);
  await expect(memo.get("b", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(memo.size).toBe(1);
});
