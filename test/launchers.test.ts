/** The scripts in bin/: they find Node and the bundle from wherever they are called, and become Node. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

let folder = "";
let root = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-bin-"));
  root = join(folder, "package");
  cpSync(resolve(import.meta.dirname, "../bin"), join(root, "bin"), { recursive: true });
  mkdirSync(join(root, "dist"));
  for (const name of ["buildctl", "buildctl-daemonless"]) {
    writeFileSync(join(root, "dist", `${name}.js`), `console.log("${name}", process.pid, ...process.argv.slice(2))\n`);
  }
  writeFileSync(join(root, "dist/package.json"), '{ "type": "module" }');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program that says which Node it is, and otherwise prints what it was asked to run. */
function fakeNode(path: string, version: string): void {
  mkdirSync(resolve(path, ".."), { recursive: true });
  writeFileSync(path, `#!/bin/sh\nif [ "$1" = -p ]; then echo ${version}; else echo "${version} runs $*"; fi\n`);
  chmodSync(path, 0o755);
}
const run = (program: string, path: string, ...args: string[]) =>
  spawnSync(program, args, { env: { PATH: path }, encoding: "utf8", cwd: "/" });

test("through symlinks, absolute and relative, with odd arguments", () => {
  mkdirSync(join(folder, "path dir"));
  symlinkSync(join(root, "bin/buildctl-daemonless.sh"), join(folder, "absolute"));
  symlinkSync("../absolute", join(folder, "path dir/relative"));
  const output = execFileSync(join(folder, "path dir/relative"), ["a b", "*", ""], {
    env: { PATH: "/usr/bin:/bin", COOPER_NODE: process.execPath },
    encoding: "utf8",
  });
  expect(output).toMatch(/^buildctl-daemonless \d+ a b \* \n$/);
});

test("the launcher becomes Node: same process id", () => {
  const script = `"${join(root, "bin/buildctl")}" & wait; echo $!`;
  const output = execFileSync("sh", ["-c", script], { env: { COOPER_NODE: process.execPath, PATH: "/usr/bin:/bin" } });
  const [said, pid] = output.toString().trim().split("\n");
  expect(said).toBe(`buildctl ${pid} `.trim());
});

test("the package's Node comes before the system's", () => {
  fakeNode(join(folder, "system/node"), "24.1.0");
  const system = `${join(folder, "system")}:/usr/bin:/bin`;
  expect(run(join(root, "bin/buildctl"), system, "x").stdout).toContain("24.1.0 runs");
  fakeNode(join(root, "node_modules/.bin/node"), "26.0.0");
  expect(run(join(root, "bin/buildctl"), system, "x").stdout).toBe(`26.0.0 runs ${root}/bin/../dist/buildctl.js x\n`);
  rmSync(join(root, "node_modules"), { recursive: true });
});

test("a Node that is too old, or none, is one clear error", () => {
  fakeNode(join(folder, "old/node"), "20.11.0");
  const old = run(join(root, "bin/buildctl"), `${join(folder, "old")}:/usr/bin:/bin`);
  expect(old.status).toBe(1);
  expect(old.stderr).toBe(
    `buildctl: cannot use Node.js 20.11.0: 24 or newer is needed ("npm ci" in ${root}/bin/.. brings one)\n`,
  );
  mkdirSync(join(folder, "empty"));
  for (const tool of ["sh", "dirname", "readlink"]) symlinkSync(`/usr/bin/${tool}`, join(folder, "empty", tool));
  const none = run(join(root, "bin/buildctl"), join(folder, "empty"));
  expect(none.status).toBe(1);
  expect(none.stderr).toContain("buildctl: cannot find Node.js: install version 24 or newer");
});

test("a checkout that is not built says how to build it", () => {
  cpSync(join(root, "bin"), join(folder, "bare/bin"), { recursive: true });
  const bare = run(join(folder, "bare/bin/buildctl-daemonless.sh"), "/usr/bin:/bin");
  expect(bare.status).toBe(1);
  expect(bare.stderr).toContain('buildctl-daemonless.sh: not built yet: run "sh tools/setup.sh"');
});
