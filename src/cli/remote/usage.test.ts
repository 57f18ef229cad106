import { expect, test } from "vitest";
import type { UsageRecord, WorkerRecord } from "../../client/index.ts";
import { goJson } from "../template/value.ts";
import { usageValue, workerValue } from "./records.ts";
import { usageSummary, usageTable, usageTotal, usageVerbose } from "./usage.ts";
import { workersTable, workersVerbose } from "./workers.ts";

// What upstream's buildctl printed (captured), for these records.
const local: UsageRecord = {
  id: "t3p9p5qlngwz26ie2h4y29760",
  mutable: true,
  inUse: false,
  size: 4096n,
  parent: "",
  createdAt: { seconds: 1795357921n, nanos: 129_624_494 },
  lastUsedAt: { seconds: 1795357921n, nanos: 526_729_985 },
  usageCount: 3n,
  description: "local source for context",
  recordType: "source.local",
  shared: false,
  parents: [],
};
const image: UsageRecord = { ...local, id: "s5ebckola96vgnuvzngn0gaah", mutable: false, size: 3_123_456n };

test("a table, with and without records", () => {
  expect(usageTable([local, image])).toBe(
    "ID\t\t\t\t\t\t\t\t\tRECLAIMABLE\tSIZE\tLAST ACCESSED\n" +
      "t3p9p5qlngwz26ie2h4y29760*                                             \ttrue       \t4.10kB\t\n" +
      "s5ebckola96vgnuvzngn0gaah                                              \ttrue       \t3.12MB\t\n",
  );
  expect(usageTable([])).toBe("ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED\n");
});

test("sums", () => {
  expect(usageSummary([])).toBe("Reclaimable:\t0B\nTotal:\t\t0B\n");
  expect(usageSummary([local, { ...image, inUse: true }])).toBe("Reclaimable:\t4.10kB\nTotal:\t\t3.13MB\n");
  expect(usageTotal([])).toBe("Total:\t0B\n");
});

test("everything about one record, as text and as JSON", () => {
  expect(usageVerbose([local])).toBe(
    "ID:\t\tt3p9p5qlngwz26ie2h4y29760\nCreated at:\t2026-11-22 14:32:01.129624494 +0000 UTC\nMutable:\ttrue\nReclaimable:\ttrue\n" +
      "Shared:\t\tfalse\nSize:\t\t4.10kB\nDescription:\tlocal source for context\nUsage count:\t3\n" +
      "Last used:\t2026-11-22 14:32:01.526729985 +0000 UTC\nType:\t\tsource.local\n\n",
  );
  expect(goJson(usageValue(local))).toBe(
    '{"id":"t3p9p5qlngwz26ie2h4y29760","mutable":true,"inUse":false,"size":4096,"createdAt":"2026-11-22T14:32:01.129624494Z",' +
      '"lastUsedAt":"2026-11-22T14:32:01.526729985Z","usageCount":3,"parents":null,"description":"local source for context",' +
      '"recordType":"source.local","shared":false}',
  );
});

test("workers", () => {
  const platform = { os: "linux", architecture: "amd64", variant: "", osVersion: "", osFeatures: [] };
  const worker: WorkerRecord = {
    id: "lftn78s1bw4ojqbfg2sdx0kqb",
    labels: new Map([
      ["org.mobyproject.buildkit.worker.oci.process-mode", "sandbox"],
      ["org.mobyproject.buildkit.worker.executor", "oci"],
    ]),
    platforms: [platform, { ...platform, variant: "v2" }],
    gcPolicy: [],
    cdiDevices: [],
    buildkitVersion: { package: "p", version: "v", revision: "", dockerfileVersion: "1.26.0-dev" },
  };
  expect(workersTable([worker])).toBe("ID\t\t\t\tPLATFORMS\nlftn78s1bw4ojqbfg2sdx0kqb\tlinux/amd64,linux/amd64/v2\n");
  expect(workersTable([])).toBe("ID\tPLATFORMS\n");
  expect(workersVerbose([worker])).toBe(
    "ID:\t\tlftn78s1bw4ojqbfg2sdx0kqb\nPlatforms:\tlinux/amd64,linux/amd64/v2\nBuildKit:\tp v \nDockerfile:\t1.26.0-dev\nLabels:\n" +
      "\torg.mobyproject.buildkit.worker.executor:\t\toci\n\torg.mobyproject.buildkit.worker.oci.process-mode:\tsandbox\n\n",
  );
  const rule = { all: false, filters: ["type==source.local"], keepDuration: 172_800_000_000_000n };
  const sizes = { reservedSpace: 0n, maxUsedSpace: 512_000_000n, minFreeSpace: 0n };
  const withPolicy = { ...worker, gcPolicy: [{ ...rule, ...sizes }] };
  expect(workersVerbose([withPolicy])).toContain(
    "GC Policy rule#0:\n\tAll:\t\t\tfalse\n\tFilters:\t\ttype==source.local\n\tKeep duration:\t\t48h0m0s\n\tMaximum used space:\t512MB\n\n",
  );
  expect(goJson(workerValue(withPolicy))).toBe(
    '{"id":"lftn78s1bw4ojqbfg2sdx0kqb","labels":{"org.mobyproject.buildkit.worker.executor":"oci","org.mobyproject.buildkit.worker.oci.process-mode":"sandbox"},' +
      '"platforms":[{"architecture":"amd64","os":"linux"},{"architecture":"amd64","os":"linux","variant":"v2"}],"gcPolicy":[{"all":false,"filter":["type==source.local"],' +
      '"keepDuration":172800000000000,"reservedSpace":0,"maxUsedSpace":512000000,"minFreeSpace":0}],' +
      '"buildkitVersion":{"package":"p","version":"v","revision":"","dockerfileVersion":"1.26.0-dev"},"cdiDevices":null}',
  );
});
