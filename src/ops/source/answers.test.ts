import { expect, test } from "vitest";
import { quietScope } from "../../kit/index.ts";
import { Answers } from "./answers.ts";

test("a question is asked once, also when two ask at the same time", async () => {
  const answers = new Answers<number>();
  let asked = 0;
  const ask = async () => ++asked;
  const both = [answers.once("q", quietScope, ask), answers.once("q", quietScope, ask)];
  expect(await Promise.all(both)).toEqual([1, 1]);
  expect(await answers.once("q", quietScope, ask)).toBe(1);
  expect(await answers.once("another", quietScope, ask)).toBe(2);
});

test("a failure is the asker's own: who waited for it asks again", async () => {
  const answers = new Answers<string>();
  const first = answers.once("q", quietScope, () => Promise.reject(new Error("cancelled")));
  const second = answers.once("q", quietScope, async () => "fine");
  await expect(first).rejects.toThrow("cancelled");
  expect(await second).toBe("fine");
  expect(await answers.once("q", quietScope, () => Promise.reject(new Error("never asked")))).toBe("fine");
});
