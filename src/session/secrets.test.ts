import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSecrets } from "./secrets.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cooper-secrets-"));
  await writeFile(join(folder, "token"), "from file\0\n");
  await writeFile(join(folder, "big"), "");
  await truncate(join(folder, "big"), 500 * 1024 + 1);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a secret is a file's bytes, or an environment variable's value", async () => {
  const store = await openSecrets(
    [
      { id: "a", file: join(folder, "token") },
      { id: "b", env: "TOKEN" },
    ],
    { TOKEN: "from env" },
  );
  expect(await store("a")).toEqual(Buffer.from("from file\0\n"));
  expect(await store("b")).toEqual(Buffer.from("from env"));
  expect(await store("c")).toBeUndefined();
});

test("an unset variable is an empty secret", async () => {
  const store = await openSecrets([{ id: "a", env: "UNSET" }], {});
  expect(await store("a")).toEqual(Buffer.alloc(0));
});

test("without a source, the id names a variable, else a file", async () => {
  const path = join(folder, "token");
  const store = await openSecrets([{ id: "TOKEN" }, { id: path }], { TOKEN: "v" });
  expect(await store("TOKEN")).toEqual(Buffer.from("v"));
  expect((await store(path))?.byteLength).toBe(11);
});

test.each([
  [{ id: "", file: "x" }, "secret missing ID"],
  [
    { id: "a", file: "/nonexistent/x" },
    "failed to stat /nonexistent/x: stat /nonexistent/x: no such file or directory",
  ],
])("a bad source is refused before the build: %o", async (source, message) => {
  await expect(openSecrets([source], {})).rejects.toThrow(message);
});

test("more than 500 KiB is refused", async () => {
  await expect(openSecrets([{ id: "a", file: join(folder, "big") }], {})).rejects.toThrow(
    "secret a too big. max size 500KiB",
  );
  const store = await openSecrets([{ id: "a", env: "BIG" }], { BIG: "x".repeat(500 * 1024 + 1) });
  await expect(store("a")).rejects.toThrow("secret a too big. max size 500KiB");
});
