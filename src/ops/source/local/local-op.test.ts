import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CooperError, quietScope } from "../../../kit/index.ts";
import type { Session } from "../../../session/index.ts";
import type { OpEvent, OpScope } from "../../contract.ts";
import { localSource, patternList } from "./local-op.ts";

const folder = mkdtempSync(join(tmpdir(), "cooper-local-"));
writeFileSync(join(folder, "Dockerfile"), "FROM scratch\n");
afterAll(() => rmSync(folder, { recursive: true }));

function scopeWith(events: OpEvent[], ...ids: string[]): OpScope {
  const session = (id: string) =>
    ({
      id,
      localDirectory: async (name: string) => ({ name, path: id === "mine" ? folder : `${folder}/none` }),
    }) as unknown as Session;
  return { ...quietScope, emit: (event) => events.push(event), callers: ids.map(session) };
}

test("the directory of the session that is named is read in place, with its patterns", async () => {
  const events: OpEvent[] = [];
  const attrs = new Map([
    ["local.session", "mine"],
    ["local.followpaths", '["Dockerfile"]'],
    ["local.excludepatterns", '["*.log"]'],
  ]);
  const op = localSource("local://dockerfile", attrs);
  const scope = scopeWith(events, "other", "mine");
  expect((await op.recipe(scope)).storable).toBe(false);
  expect(await op.execute([], scope)).toEqual([
    { kind: "folder", path: folder, include: [], exclude: ["*.log"], follow: ["Dockerfile"] },
  ]);
  expect(events.at(-1)).toMatchObject({ id: "transferring dockerfile:", current: 15 });
});

test("a session that is no caller of the step's is found through one that is; one that is gone leaves the step its own", async () => {
  const there = { id: "elsewhere", localDirectory: async (name: string) => ({ name, path: folder }) };
  const peer = async (id: string) => {
    if (id === "elsewhere") return there;
    throw new Error(`no active session for ${id}`);
  };
  const own = { id: "own", peer, localDirectory: async (name: string) => ({ name, path: tmpdir() }) };
  const scope: OpScope = { ...quietScope, emit: () => {}, callers: [own as unknown as Session] };
  const read = (id: string) => localSource("local://context", new Map([["local.session", id]])).execute([], scope);
  expect(await read("elsewhere")).toMatchObject([{ path: folder }]);
  expect(await read("gone")).toMatchObject([{ path: tmpdir() }]);
});

test("a directory that is not there is an error at once", async () => {
  await expect(localSource("local://context", new Map()).execute([], scopeWith([], "other"))).rejects.toThrow(
    "no such file or directory",
  );
  await expect(localSource("local://context", new Map()).execute([], scopeWith([]))).rejects.toThrow(
    "no active session",
  );
});

test.each(["{", '{"a":1}', "[1]"])("patterns that are no list of strings (%s) are refused", (text) => {
  expect(() => patternList(new Map([["key", text]]), "key")).toThrow(CooperError);
});

test("a transfer's progress is told now and then, not with every packet", async () => {
  const events: OpEvent[] = [];
  const localDirectory: Session["localDirectory"] = async (name, _, wanted) => {
    for (let bytes = 1; bytes <= 1000; bytes++) wanted?.progress?.(bytes);
    return { name, path: folder, transferred: 1000 };
  };
  const caller = { id: "far", localDirectory } as unknown as Session;
  const scope: OpScope = { ...quietScope, emit: (event) => events.push(event), callers: [caller] };
  await localSource("local://context", new Map()).execute([], scope);
  expect(events[1]).toMatchObject({ current: 1 });
  expect(events.length).toBeLessThan(500);
  expect(events.at(-1)).toMatchObject({ current: 1000, completed: expect.any(Number) });
});
