import { expect, test } from "vitest";
import { quietScope } from "../../../kit/index.ts";
import { steadyBytes } from "./steady-bytes.ts";

const whole = Buffer.from("abcdefghij");

/** Breaks off after three bytes. */
async function* broken(offset: number) {
  yield whole.subarray(offset, offset + 3);
  if (offset + 3 < whole.byteLength) throw new Error("broken off");
}

test("what breaks off goes on where it was", async () => {
  const offsets: number[] = [];
  const open = async (offset: number) => {
    offsets.push(offset);
    return broken(offset);
  };
  const chunks = await Array.fromAsync(steadyBytes(broken(0), open, quietScope));
  expect(Buffer.concat(chunks)).toEqual(whole);
  expect(offsets).toEqual([3, 6, 9]);
});

test("who never gets a byte gives up with the last reason", async () => {
  let times = 0;
  const open = async () => {
    throw new Error(`no ${++times}`);
  };
  await expect(Array.fromAsync(steadyBytes(broken(0), open, quietScope))).rejects.toThrow("no 3");
});
