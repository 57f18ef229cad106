import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SolveStatus } from "../../engine/index.ts";
import type { control } from "../../grpc/index.ts";
import { quietScope, sha256, sleep } from "../../kit/index.ts";
import type { Init } from "../../wire/index.ts";
import { timestamp } from "../times.ts";
import { defaultLimits, History } from "./history.ts";
import { historyFilter } from "./history-filter.ts";
import { HistoryFolder, type HistoryRecord } from "./history-folder.ts";
import { countSteps, decodeLog, encodeLog } from "./status-log.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "cooper-history-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const open = (limits = defaultLimits) => new History(new HistoryFolder(root), limits);
const hour = 3_600_000;
const record = (ref: string, ago = 0): Init<HistoryRecord> => ({
  ref,
  createdAt: timestamp(new Date(Date.now() - ago - 1000)),
  completedAt: timestamp(new Date(Date.now() - ago)),
});
const everything = { activeOnly: false, ref: "", earlyExit: true, filter: [], limit: 0 };

async function listed(history: History, request: Partial<control.BuildHistoryRequest> = {}) {
  const heard: string[] = [];
  const names = ["started", "complete", "deleted"];
  const send = async (event: Init<control.BuildHistoryEvent>) => {
    heard.push(`${names[event.type ?? 0]} ${event.record?.ref}`);
  };
  await history.listen({ ...everything, ...request }, send, quietScope.signal);
  return heard;
}

/** A finished build with a log. */
async function finished(history: History, ref: string, ago = 0) {
  const logs = await history.folder.putBlob(Buffer.from(`log of ${ref}`), "log");
  await history.start(record(ref, ago));
  await history.complete({ ...record(ref, ago), logs });
  return logs;
}

describe("History", () => {
  it("tells of running and of finished builds, and finds them again after a restart", async () => {
    const history = open();
    await finished(history, "one");
    await history.start(record("two"));
    expect(await listed(history)).toEqual(["started two", "complete one"]);
    expect(await listed(history, { activeOnly: true })).toEqual(["started two"]);
    expect(await listed(history, { ref: "one" })).toEqual(["complete one"]);
    expect(await listed(open())).toEqual(["complete one"]);
  });

  it("keeps the youngest of a limited list", async () => {
    const history = open();
    for (const [index, ref] of ["old", "middle", "young"].entries()) await finished(history, ref, (3 - index) * hour);
    expect(await listed(history, { limit: 2 })).toEqual(["complete young", "complete middle"]);
  });

  it("forgets a record with its blobs, but not those that another one names", async () => {
    const history = open();
    const same = await history.folder.putBlob(Buffer.from("same"), "log");
    await history.complete({ ...record("one"), logs: same, externalError: await finished(history, "other") });
    await history.complete({ ...record("two"), logs: same });
    await history.delete("one");
    expect(await listed(history)).toEqual(["complete other", "complete two"]);
    expect(readdirSync(join(root, "blobs/sha256"))).toHaveLength(2);
    await history.delete("other");
    await history.delete("two");
    expect(readdirSync(join(root, "blobs/sha256"))).toEqual([]);
    await expect(history.delete("two")).rejects.toMatchObject({ code: "daemon/no-record" });
  });

  it("leaves a blob that a build has just put there, though the last record that names it goes", async () => {
    const history = open();
    const logs = await history.folder.putBlob(Buffer.from("same"), "log");
    await history.complete({ ...record("one"), logs });
    await history.folder.putBlob(Buffer.from("same"), "log");
    await history.delete("one");
    await history.complete({ ...record("two"), logs });
    expect(await listed(open())).toEqual(["complete two"]);
  });

  it("removes what is beyond both limits, and never what is pinned", async () => {
    const history = open({ maxAge: hour, maxEntries: 1 });
    await finished(history, "pinned", 3 * hour);
    await history.update("pinned", (one) => ({ ...one, pinned: true }));
    await finished(history, "new");
    await finished(history, "second", hour / 2);
    await finished(history, "old", 2 * hour);
    expect(await listed(history)).toEqual(["complete pinned", "complete new", "complete second"]);
    expect((await history.find("pinned"))?.generation).toBe(1);
  });

  it("builds that end at once clean up together", async () => {
    const history = open({ maxAge: hour, maxEntries: 0 });
    for (const ref of ["one", "two", "three"]) await history.complete({ ...record(ref, 2 * hour), pinned: true });
    await Promise.all(["one", "two", "three"].map((ref) => history.update(ref, (one) => ({ ...one, pinned: false }))));
    const ending = ["four", "five", "six"].map((ref) => history.complete(record(ref, 2 * hour)));
    await Promise.all(ending);
    expect(readdirSync(join(root, "records"))).toEqual([]);
  });

  it("changes at the same time are all made, and none brings back what was deleted meanwhile", async () => {
    const history = open();
    await finished(history, "one");
    const trace = await history.folder.putBlob(Buffer.from("spans"), "trace");
    await Promise.all([
      history.update("one", async (one) => ({ ...one, trace })),
      history.update("one", (one) => ({ ...one, pinned: true })),
    ]);
    expect(await history.find("one")).toMatchObject({ pinned: true, trace: { digest: trace.digest }, generation: 2 });
    const late = history.update("one", (one) => ({ ...one, pinned: false }));
    await Promise.all([late, history.delete("one")]);
    expect(await listed(history)).toEqual([]);
    expect(readdirSync(join(root, "records"))).toEqual([]);
    expect(readdirSync(join(root, "blobs/sha256"))).toEqual([]);
  });

  it("a record that somebody listens to goes when he has gone", async () => {
    const history = open();
    await finished(history, "one");
    const controller = new AbortController();
    const heard: unknown[] = [];
    const send = async (event: Init<control.BuildHistoryEvent>) => void heard.push(event.type);
    const listening = history.listen({ ...everything, ref: "one", earlyExit: false }, send, controller.signal);
    listening.catch(() => {});
    await history.clean();
    await history.delete("one");
    expect(await history.find("one")).toBeUndefined();
    expect(readdirSync(join(root, "records"))).toHaveLength(1);
    controller.abort(new Error("enough"));
    await expect(listening).rejects.toThrow("enough");
    expect(readdirSync(join(root, "records"))).toHaveLength(0);
  });

  it("finishes a build's record before another of the same name begins", async () => {
    const history = open();
    const done: string[] = [];
    for (const which of ["first", "second"]) {
      await history.start(record("one"));
      await history.complete(record("one"));
      done.push(which);
      history.finalizeLater("one", async () => void done.push(`end of the ${which}`));
    }
    await history.close();
    expect(done).toEqual(["first", "end of the first", "second", "end of the second"]);
  });

  it("removes at its close what was deleted while somebody listened to it", async () => {
    const history = open();
    await finished(history, "one");
    const heard: unknown[] = [];
    const listening = history.listen(
      { ...everything, ref: "one", earlyExit: false },
      async ({ type }) => void heard.push(type),
      quietScope.signal,
    );
    while (heard.length === 0) await sleep(1);
    await history.delete("one");
    await history.close();
    expect(readdirSync(join(root, "records"))).toEqual([]);
    await listening;
  });

  it("writes nothing once it is closed", async () => {
    const history = open();
    await finished(history, "one");
    await history.close();
    await history.close();
    rmSync(root, { recursive: true });
    await expect(history.update("one", (known) => ({ ...known, pinned: true }))).rejects.toThrow("context canceled");
    await expect(history.delete("one")).rejects.toThrow("context canceled");
    expect(existsSync(root)).toBe(false);
  });

  it("finalizes when it is asked to, and at its close", async () => {
    const history = open();
    const done: string[] = [];
    history.finalizeLater("one", async () => void done.push("one"));
    history.finalizeLater("two", async () => void done.push("two"));
    await history.finalize("one");
    expect(done).toEqual(["one"]);
    await history.close();
    expect(done).toEqual(["one", "two"]);
  });

  it("drops records whose log was lost, and old blobs that nobody names", async () => {
    const history = open();
    const logs = await finished(history, "one");
    await history.folder.putBlob(Buffer.from("nobody's"), "");
    expect(await listed(open())).toEqual(["complete one"]);
    expect(readdirSync(join(root, "blobs/sha256"))).toHaveLength(2);
    const old = new Date(Date.now() - 2 * hour);
    for (const name of readdirSync(join(root, "blobs/sha256"))) utimesSync(join(root, "blobs/sha256", name), old, old);
    rmSync(join(root, "blobs/sha256", String(logs.digest).slice(7)));
    expect(await listed(open())).toEqual([]);
    expect(readdirSync(join(root, "blobs/sha256"))).toEqual([]);
  });

  it("keeps an image's manifest and config with the record", async () => {
    const source = new HistoryFolder(join(root, "elsewhere"));
    const config = await source.putBlob(Buffer.from("{}"), "");
    const manifest = await source.putBlob(Buffer.from(JSON.stringify({ config, layers: [] }, text)), "");
    const history = open();
    await history.folder.keepImage(manifest.digest ?? "", source);
    const result = { results: [{ key: 0n, value: manifest }] };
    await history.complete({ ...record("one"), logs: await history.folder.putBlob(Buffer.from("l"), ""), result });
    expect(await listed(open())).toEqual(["complete one"]);
    expect(readdirSync(join(root, "blobs/sha256"))).toHaveLength(3);
    await history.delete("one");
    expect(readdirSync(join(root, "blobs/sha256"))).toHaveLength(0);
    expect(existsSync(join(root, "records"))).toBe(true);
  });
});

const text = (_: string, value: unknown) => (typeof value === "bigint" ? Number(value) : value);

describe("historyFilter()", () => {
  const full = { ...record("abc"), frontendAttrs: new Map([["context", "https://git.example/r.git#main"]]) };
  const done = { ...full, error: undefined } as unknown as HistoryRecord;
  const holds = (...filters: string[]) => historyFilter(filters)(done);
  it("knows ref, status and repository", () => {
    expect(holds()).toBe(true);
    expect(holds("ref==abc,status==completed")).toBe(true);
    expect(holds("status==error", "ref==abc")).toBe(true);
    expect(holds("status==error")).toBe(false);
    expect(holds("repository==https://git.example/r.git")).toBe(true);
  });
  it("compares times and durations", () => {
    expect(holds("startedAt>1h,duration<10s")).toBe(true);
    expect(holds("completedAt<1h")).toBe(false);
    expect(holds("completedAt>2020-01-02T03:04:05Z")).toBe(true);
    expect(() => holds("duration>x")).toThrow("invalid duration x");
    expect(() => holds("startedAt>x")).toThrow("invalid time x");
  });
});

describe("encodeLog()", () => {
  const digest = sha256("vertex");
  const told: SolveStatus[] = [
    { vertexes: [{ digest, name: "one" }] },
    { vertexes: [{ digest, name: "one", cached: true, completed: new Date(5) }] },
  ];
  it("gives a blob that decodes to the same messages, whole ones only", () => {
    const blob = encodeLog(told);
    expect([...decodeLog(blob)].map(({ vertexes }) => vertexes[0]?.name)).toEqual(["one", "one"]);
    expect([...decodeLog(blob.subarray(0, -1))]).toHaveLength(1);
  });
  it("counts each step once", () => {
    expect(countSteps(told)).toEqual({ numTotalSteps: 1, numCachedSteps: 1, numCompletedSteps: 1, numWarnings: 0 });
  });
});

it("a history that is closed at once still waits until it has read its folder: that removes what is half done", async () => {
  const loaded = Promise.withResolvers<void>();
  const folder = new (class extends HistoryFolder {
    override async load() {
      await loaded.promise;
      return super.load();
    }
  })(root);
  let closed = false;
  const closing = new History(folder, defaultLimits).close().then(() => {
    closed = true;
  });
  await sleep(20);
  expect(closed).toBe(false);
  loaded.resolve();
  await closing;
  expect(closed).toBe(true);
});
