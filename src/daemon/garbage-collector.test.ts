import { expect, test } from "vitest";
import type { GcPolicy, PruneRequest, UsageEntry } from "../engine/index.ts";
import { quietScope, sleep } from "../kit/index.ts";
import { GarbageCollector } from "./garbage-collector.ts";

const policy = (filters: string[]): GcPolicy => {
  return { all: false, filters, keepDuration: 0, reservedSpace: 0, maxUsedSpace: 1, minFreeSpace: 0 };
};
const entry = { size: 10 } as UsageEntry;

function collector(policies: readonly GcPolicy[], fails = false) {
  const asked: PruneRequest[] = [];
  const log: string[] = [];
  const prune = async (request: PruneRequest) => {
    asked.push(request);
    if (fails) throw new Error("disk is gone");
    return [entry];
  };
  const scope = { ...quietScope, log: (sentence: string) => log.push(sentence) };
  return {
    asked,
    log,
    collector: new GarbageCollector({ prune }, policies, scope, { afterBuild: 1, between: 60_000 }),
  };
}
const until = async (holds: () => boolean) => {
  while (!holds()) await sleep(5);
};

test("the policies run in turn after a build, and not again soon", async () => {
  const { asked, log, collector: gc } = collector([policy(["a"]), policy(["b"])]);
  gc.buildEnded();
  gc.buildEnded();
  await until(() => log.length > 0);
  gc.buildEnded();
  await sleep(20);
  await gc.close();
  expect(asked.map(({ filters }) => filters)).toEqual([["a"], ["b"]]);
  expect(log).toEqual(["gc cleaned up 20 bytes"]);
});

test("what goes wrong is logged", async () => {
  const { log, collector: gc } = collector([policy([])], true);
  gc.buildEnded();
  await until(() => log.length > 0);
  expect(log).toEqual(["gc error: disk is gone"]);
});

test("without policies nothing happens", async () => {
  const { asked, collector: gc } = collector([]);
  gc.buildEnded();
  await sleep(10);
  expect(asked).toEqual([]);
});
