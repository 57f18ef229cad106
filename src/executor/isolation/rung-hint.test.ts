import { expect, test } from "vitest";
import type { Executor } from "../contract.ts";
import type { RungName } from "../probe/rungs.ts";
import { plainStep } from "../testing/index.ts";
import { withRungHint } from "./rung-hint.ts";

/** The hint of a step that says this on its standard error, in two pieces, and ends with this code. */
async function hint(rung: RungName, words: string, exitCode = 1): Promise<string | undefined> {
  const inner: Executor = {
    description: "",
    run: async (_, output) => {
      for (const piece of [words.slice(0, 9), words.slice(9)]) output(2, Buffer.from(piece));
      return { exitCode };
    },
    open: () => Promise.reject(new Error("not asked")),
    [Symbol.asyncDispose]: async () => {},
  };
  const scope = { signal: new AbortController().signal, log: () => {} };
  return (await withRungHint(inner, rung).run(plainStep("/", ["x"]), () => {}, scope)).hint;
}

test.each([
  [
    "chroot",
    "cat: can't open '/proc/self/status': No such file or directory",
    /no \/proc.*seccompProfile.type: Unconfined/,
  ],
  ["chroot", "bash: /dev/fd/63: No such file or directory", /no \/proc/],
  ["chroot", "mount: permission denied (are you root?)\n", /may not mount.*privileged/],
  ["rootless", "chown: changing ownership of 'x': Invalid argument", /no such user.*subuid.*privileged/],
  ["rootless", "E: setgroups 65534 failed - setgroups (1: Operation not permitted)", /no such user/],
] as const)("%s: %s", async (rung, words, wanted) => {
  expect(await hint(rung, words)).toMatch(wanted);
});

test("nothing is said of other failures, of what succeeds, and in containers of root", async () => {
  expect(await hint("chroot", "tests failed")).toBeUndefined();
  expect(await hint("chroot", "/proc is odd", 0)).toBeUndefined();
  expect(await hint("oci", "mount: permission denied")).toBeUndefined();
});
