import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { leftoversOf } from "./leftovers.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "left-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("leftoversOf() is empty for a run that cleaned up", () => {
  expect(leftoversOf(folder)).toEqual({ processes: [], mounts: [], files: [] });
});

test("leftoversOf() finds files and mounts", () => {
  mkdirSync(join(folder, "mounted"));
  writeFileSync(join(folder, "file"), "");
  execFileSync("mount", ["-t", "tmpfs", "none", join(folder, "mounted")]);
  try {
    const { files, mounts } = leftoversOf(folder);
    expect(files.map(({ text }) => text).sort()).toEqual(["file", "mounted"]);
    expect(mounts.map(({ text }) => text)).toEqual([join(folder, "mounted")]);
  } finally {
    execFileSync("umount", [join(folder, "mounted")]);
  }
});

test.each([
  ["its environment", "exec sleep 60", { TMPDIR: true }],
  ["its arguments", "exec tail -f /dev/null FOLDER/none", { TMPDIR: false }],
])("leftoversOf() finds a process by %s, whoever its parent is", async (_, script, { TMPDIR }) => {
  // The shell in between ends at once, so the process is nobody's child.
  const inner = script.replace("FOLDER", folder);
  const env = { PATH: process.env.PATH, ...(TMPDIR && { TMPDIR: folder }) };
  const outer = spawn("/bin/sh", ["-c", `/bin/sh -c '${inner}' >/dev/null 2>&1 & echo $!`], { env });
  const pid = await new Promise<string>((resolve) => outer.stdout.once("data", (text) => resolve(String(text).trim())));
  await new Promise((resolve) => outer.once("close", resolve));
  try {
    const found = () => leftoversOf(folder).processes.map(({ handle }) => handle);
    await expect.poll(found, { timeout: 30_000 }).toContain(pid);
  } finally {
    for (const { handle } of leftoversOf(folder).processes) process.kill(Number(handle), "SIGKILL");
  }
});
