import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bytesOf, quietScope } from "../kit/index.ts";
import { type OutputSpec, type OutputStream, openOutputs } from "./outputs.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cooper-outputs-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const written: Buffer[] = [];
const stdout: OutputStream = {
  write(chunk, done) {
    written.push(Buffer.from(chunk));
    done();
    return true;
  },
};
function streams(...specs: OutputSpec[]) {
  return openOutputs(specs, () => stdout).map((target) => {
    if (target.kind !== "stream") throw new Error("not a stream");
    return target.write;
  });
}
async function* failing() {
  yield Buffer.from("half");
  throw new Error("the build failed");
}

test("a file appears whole, with the mode that it had", async () => {
  const path = join(folder, "image.tar");
  await writeFile(path, "old");
  await chmod(path, 0o640);
  const [write] = streams({ kind: "file", path });
  await write?.(bytesOf("new ", "bytes"), {}, quietScope);
  expect(await readFile(path, "utf8")).toBe("new bytes");
  expect((await stat(path)).mode & 0o777).toBe(0o640);
  expect(await readdir(folder)).toEqual(["image.tar"]);
});

test("a failed build leaves the old file and nothing beside it", async () => {
  const path = join(folder, "image.tar");
  await writeFile(path, "old");
  const [write] = streams({ kind: "file", path });
  await expect(write?.(failing(), {}, quietScope)).rejects.toThrow("the build failed");
  expect(await readFile(path, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["image.tar"]);
});

test("a cancelled build leaves no file", async () => {
  const [write] = streams({ kind: "file", path: join(folder, "image.tar") });
  const scope = { ...quietScope, signal: AbortSignal.abort(new Error("cancelled")) };
  await expect(write?.(bytesOf("x"), {}, scope)).rejects.toThrow("cancelled");
  expect(await readdir(folder)).toEqual([]);
});

test("a symlink keeps pointing to the file that was written", async () => {
  await writeFile(join(folder, "real"), "old");
  await symlink("real", join(folder, "link"));
  const [write] = streams({ kind: "file", path: join(folder, "link") });
  await write?.(bytesOf("new"), {}, quietScope);
  expect(await readFile(join(folder, "real"), "utf8")).toBe("new");
  expect((await readdir(folder)).sort()).toEqual(["link", "real"]);
});

test("a device is written in place", async () => {
  const [write] = streams({ kind: "file", path: "/dev/null" });
  await write?.(bytesOf("x"), {}, quietScope);
  expect((await stat("/dev/null")).isCharacterDevice()).toBe(true);
});

test("a missing folder is an error that names the file", async () => {
  const [write] = streams({ kind: "file", path: join(folder, "no/such/x.tar") });
  await expect(write?.(bytesOf("x"), {}, quietScope)).rejects.toThrow(
    /^write .*no\/such\/x\.tar: no such file or directory$/,
  );
});

test("standard output takes one stream", async () => {
  written.length = 0;
  const [first, second] = streams({ kind: "stdout" }, { kind: "stdout" });
  await first?.(bytesOf("a", "b"), {}, quietScope);
  expect(Buffer.concat(written).toString()).toBe("ab");
  await expect(second?.(bytesOf("c"), {}, quietScope)).rejects.toThrow("write /dev/stdout: file already closed");
});
