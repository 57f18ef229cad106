/**
 * Builds examples/hello with the real command and shows what came out, offline: the base image is made from Debian's
 * busybox and served by a registry on the loopback. Leaves nothing behind.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startRegistry } from "../test/support/registry.ts";

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "cooper-demo-"));

function say(text: string): void {
  console.log(`\n\u001b[1m${text}\u001b[0m`);
}

/** Shows a command and runs it; its failure ends the demo. */
function show(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  const words = args.map((word) => (/^[\w./:=,@-]+$/.test(word) ? word : `'${word}'`));
  console.log(`$ ${[program.replace(`${root}/`, ""), ...words].join(" ")}`);
  const { status } = spawnSync(program, args, { stdio: "inherit", env: { ...process.env, ...env }, cwd: root });
  if (status !== 0) throw new Error(`the demo's command ended with ${status ?? "a signal"}`);
}

function inspect(...args: string[]): Record<string, unknown> {
  return JSON.parse(execFileSync("skopeo", ["inspect", ...args], { encoding: "utf8" }));
}

/** The words of the build, as a user would type them. */
function buildWords(context: string, ...more: string[]): string[] {
  const local = ["--local", `context=${context}`, "--local", `dockerfile=${context}`];
  return ["build", "--frontend", "dockerfile.v0", ...local, ...more, "--progress=plain"];
}

function showImage(archive: string): void {
  const image = inspect(`oci-archive:${archive}`);
  const config = inspect("--config", `oci-archive:${archive}`);
  console.log(`digest  ${image.Digest}`);
  for (const [index, layer] of (image.Layers as string[]).entries()) console.log(`layer ${index + 1} ${layer}`);
  for (const entry of config.history as { created_by?: string }[]) console.log(`history ${entry.created_by ?? ""}`);
  console.log(`config  ${JSON.stringify(config.config)}`);
}

/** Runs the image with Debian's runc, from its own configuration, without anything of Cooper's. */
function runImage(archive: string): void {
  const bundle = join(folder, "bundle");
  execFileSync("skopeo", ["copy", "--quiet", `oci-archive:${archive}`, `oci:${folder}/layout:hello`]);
  execFileSync("umoci", ["unpack", "--image", `${folder}/layout:hello`, bundle], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const file = join(bundle, "config.json");
  const config = JSON.parse(readFileSync(file, "utf8"));
  config.process.terminal = false;
  writeFileSync(file, JSON.stringify(config));
  show("runc", ["run", "--bundle", bundle, `cooper-demo-${process.pid}`]);
}

try {
  say("1. A base image of busybox, in a registry on this machine that stands in for Docker Hub");
  await using registry = await startRegistry();
  const config = join(folder, "buildkitd.toml");
  writeFileSync(config, `[registry."docker.io"]\n  mirrors = ["${registry.host}"]\n`);
  console.log(readFileSync(config, "utf8").trimEnd());

  const command = join(root, "bin/buildctl-daemonless.sh");
  const env = { BUILDKITD_FLAGS: `--root ${folder}/state --config ${config}` };
  const archive = join(folder, "hello.tar");
  const output = ["--output", `type=oci,name=hello:latest,dest=${archive}`];
  say("2. examples/hello, built without a daemon");
  show(command, buildWords("examples/hello", "--opt", "build-arg:GREETING=Greetings", ...output), env);
  say("3. The same again: every step comes from the cache");
  show(command, buildWords("examples/hello", "--opt", "build-arg:GREETING=Greetings", ...output), env);
  say("4. What was built, as skopeo sees it");
  showImage(archive);
  say("5. What the image itself prints, run by runc");
  runImage(archive);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
