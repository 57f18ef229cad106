import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { quietScope, sleep } from "../kit/index.ts";
import { tryFlock } from "../sys/index.ts";
import { openStorage } from "./open.ts";
import { temporaryRoots } from "./testing/temporary-root.ts";

const newRoot = temporaryRoots();
const open = (root: string) => openStorage({ root, snapshotter: "auto" }, quietScope);

/** What another process does to the root's kept folders for a moment. */
function lockKept(root: string, kind: "exclusive" | "shared"): Disposable {
  const file = openSync(join(root, "kept"), "r");
  expect(tryFlock(file, kind)).toBe(true);
  return { [Symbol.dispose]: () => closeSync(file) };
}

it("a kept folder is given out when nobody is taking one away, and is there then", async () => {
  const root = newRoot();
  await using storage = await open(root);
  let path: string | undefined;
  let asking: Promise<void>;
  {
    using _pruner = lockKept(root, "exclusive");
    asking = storage.keptFolder("cache", "/c").then((given) => {
      path = given;
    });
    await sleep(30);
    expect(path).toBeUndefined();
  }
  await asking;
  expect(existsSync(path ?? "")).toBe(true);
});

it("while somebody is given one none is taken away", async () => {
  const root = newRoot();
  {
    await using storage = await open(root);
    await storage.keptFolder("cache", "/c");
  }
  await sleep(30);
  await using storage = await open(root);
  {
    using _user = lockKept(root, "shared");
    expect(await storage.reclaim.prune({ all: true }, quietScope)).toEqual([]);
  }
  expect((await storage.reclaim.prune({ all: true }, quietScope)).map(({ kind }) => kind)).toEqual(["kept"]);
});

it("one that was just given out is in use, though the kernel's clock is behind", async () => {
  await using storage = await open(newRoot());
  for (let round = 0; round < 3000; round++) {
    storage.reclaim.rest();
    await storage.keptFolder("cache", "/c");
    const [kept] = await storage.reclaim.usage(quietScope);
    if (kept?.inUse !== true) expect(`round ${round}`).toBe("in use");
  }
});
