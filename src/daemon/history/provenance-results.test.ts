import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sha256 } from "../../kit/index.ts";
import { HistoryFolder } from "./history-folder.ts";
import { ProvenanceResults } from "./provenance-results.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-provenance-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const told = (text: string) => ({ predicateType: "https://slsa.dev/provenance/v1", predicate: Buffer.from(text) });

it("keeps what is told of each platform apart, and of a single result beside what was exported", async () => {
  const results = new ProvenanceResults(new HistoryFolder(folder));
  await results.add("linux/amd64", told("a"));
  await results.add("linux/arm64", told("b"));
  const exported = { results: [{ key: 0n, value: { digest: "sha256:x" } }] };
  const several = results.into(exported);
  expect(several.result).toEqual(exported);
  const digests = [...(several.results ?? [])].map(([platform, info]) => [platform, info.attestations?.[0]?.digest]);
  expect(digests).toEqual([
    ["linux/amd64", sha256("a")],
    ["linux/arm64", sha256("b")],
  ]);
  const single = new ProvenanceResults(new HistoryFolder(folder));
  await single.add("", told("c"));
  expect(single.into(exported).result).toMatchObject({ ...exported, attestations: [{ digest: sha256("c") }] });
  expect(new ProvenanceResults(new HistoryFolder(folder)).into(undefined)).toEqual({ results: new Map() });
});
