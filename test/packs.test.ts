/** Which packs of the bundle (tools/packs.ts) are loaded for what: each costs milliseconds at every start. */
import { execFile } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startDaemon } from "../src/daemon/index.ts";
import { quietScope } from "../src/kit/index.ts";
import { bundled, bundleVariable } from "./support/bundle.ts";
import { outcomes } from "./support/lab.ts";
import { plainEngine } from "./support/plain-engine.ts";
import { useLab } from "./support/use-lab.ts";

const wholeBundle = process.env[bundleVariable];
const packs = ["main", "more", "remote", "steps", "toml", "yaml"];
const here = useLab();
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-packs-"));
});
afterEach(() => {
  process.env[bundleVariable] = wholeBundle;
  rmSync(folder, { recursive: true, force: true });
});

/** The bundle's folder with only these of its packs. */
function bundleOf(...kept: string[]): string {
  const whole = dirname(bundled("buildctl"));
  const part = join(folder, "dist");
  mkdirSync(part);
  symlinkSync(resolve(import.meta.dirname, "../node_modules"), join(folder, "node_modules"));
  for (const name of readdirSync(whole)) {
    const pack = name.replace(/\.(js|cache)$/, "");
    if (!packs.includes(pack) || kept.includes(pack)) copyFileSync(join(whole, name), join(part, name));
  }
  return part;
}

test("The bundle has the packs that these tests know, and the first is no larger than it was meant to be", () => {
  const whole = dirname(bundled("buildctl"));
  expect(packs.filter((name) => statSync(join(whole, `${name}.js`)).isFile())).toEqual(packs);
  expect(statSync(join(whole, "main.js")).size).toBeLessThan(1_250_000);
  // A room that comes in by a single import, as the executor did for reading /etc/passwd, is a tenth of that.
  const modules = readFileSync(join(whole, "main.js"), "latin1").matchAll(/__esm\(\{"src\/([a-z]+)\//g);
  const rooms = new Set([...modules].map(([, room]) => room));
  expect(["daemon", "executor", "gateway", "grpc", "pod", "tunnel"].filter((room) => rooms.has(room))).toEqual([]);
});

test("V8 takes the compiled code that lies beside the first pack", async () => {
  const loader = pathToFileURL(resolve(import.meta.dirname, "../src/cli/entry/load-main.ts"));
  const whole = JSON.stringify(dirname(bundled("buildctl")));
  const look = `import(${JSON.stringify(loader)}).then(({ loadBundle }) =>
    console.log(loadBundle(${whole}).scripts.get("main").cachedDataRejected))`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", look], { env: { NODE_OPTIONS: "" } });
  expect(stdout).toBe("false\n");
});

test("A build that copies files, and one that finds a RUN in the cache, load the first pack and the one that reads the config", async () => {
  const output = `type=oci,dest=${join(folder, "image.tar")}`;
  here.lab.write({ "a.txt": "a\n", Dockerfile: "FROM busybox\nRUN echo 1 > /one\n" });
  expect((await here.lab.run(["--output", output])).code).toBe(0);
  process.env[bundleVariable] = bundleOf("main", "toml");
  const cached = await here.lab.run(["--output", output]);
  expect(cached).toMatchObject({ code: 0 });
  expect(outcomes(cached.log).get("[2/2] RUN echo 1 > /one")).toBe("cached");
  here.lab.write({ Dockerfile: "FROM busybox\nCOPY a.txt /\n" });
  expect(await here.lab.run(["--output", output])).toMatchObject({ code: 0 });
});

test("A RUN loads one more", async () => {
  process.env[bundleVariable] = bundleOf("main", "toml", "steps");
  here.lab.write({ Dockerfile: "FROM busybox\nRUN echo 1 > /one\n" });
  expect(await here.lab.run()).toMatchObject({ code: 0 });
});

test("A build at a daemon loads the first pack and that of the wire", async () => {
  here.lab.write({ "a.txt": "a\n", Dockerfile: "FROM scratch\nCOPY a.txt /\n" });
  const engine = plainEngine(here.lab.root);
  const address = `unix://${join(folder, "socket")}`;
  const daemon = await startDaemon({ addresses: [address], engine, labels: {} }, quietScope);
  try {
    const locals = ["--local", `context=${here.lab.context}`, "--local", `dockerfile=${here.lab.context}`];
    const args = ["--addr", address, "build", "--frontend", "dockerfile.v0", ...locals, "--progress=plain"];
    const command = join(bundleOf("main", "remote"), "buildctl.js");
    const { stderr } = await promisify(execFile)(process.execPath, [command, ...args]);
    expect(stderr).toContain("COPY a.txt /");
  } finally {
    await daemon.shutDown(0);
  }
});
