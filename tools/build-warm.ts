/**
 * `build-warm.ts FOLDER`: runs a bundle through a few small builds, and keeps what V8 compiled for them beside it (`main.cache` for
 * the pack `main.js`, see src/cli/entry/load-main.ts). One process for all, because only what has been called by its end is kept. A machine that
 * cannot do all of it, having no root rights or no runtime, keeps what it came to.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as later } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { loadBundle, type Main } from "../src/cli/entry/load-main.ts";

/** A registry that has one image, of one small layer, under whatever name it is asked for. */
async function withImage(folder: string, use: (host: string) => Promise<void>): Promise<void> {
  const blobs = new Map<string, Buffer>();
  const put = (mediaType: string, data: Buffer) => {
    const digest = `sha256:${createHash("sha256").update(data).digest("hex")}`;
    blobs.set(digest, data);
    return { mediaType, digest, size: data.length };
  };
  const oci = (name: string) => `application/vnd.oci.image.${name}`;
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  mkdirSync(join(folder, "bin"));
  if (existsSync("/bin/busybox")) copyFileSync("/bin/busybox", join(folder, "bin/true"));
  const tar = execFileSync("tar", ["-c", "-C", folder, "bin"], { maxBuffer: 1 << 28 });
  const { digest: diffId } = put("", tar);
  const layer = put(oci("layer.v1.tar+gzip"), execFileSync("gzip", ["-n"], { input: tar }));
  const platform = { architecture: process.arch === "arm64" ? "arm64" : "amd64", os: "linux" };
  const rootfs = { type: "layers", diff_ids: [diffId] };
  const config = put(oci("config.v1+json"), json({ ...platform, config: { Env: ["PATH=/bin"] }, rootfs }));
  const mediaType = oci("manifest.v1+json");
  const manifest = put(mediaType, json({ schemaVersion: 2, mediaType, config, layers: [layer] }));
  const server = createServer((request, response) => {
    const name = request.url?.split("/").at(-1) ?? "";
    const data = blobs.get(name) ?? (request.url?.includes("/manifests/") ? blobs.get(manifest.digest) : undefined);
    if (data === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": mediaType, "content-length": data.length }).end(data);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const address = server.address();
    await use(`127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** A daemon in this process, which is told to stop as any other is. */
async function withDaemon(main: Main, folder: string, use: (address: string) => Promise<void>): Promise<void> {
  const socket = join(folder, "socket");
  process.argv.splice(2, Infinity, "--root", join(folder, "daemon"), "--addr", `unix://${socket}`);
  const daemon = main.runBuildkitd();
  const ended = daemon.then(() => true);
  while (!existsSync(socket)) {
    if (await Promise.race([ended, later(20, false)])) return;
  }
  try {
    await use(`unix://${socket}`);
  } finally {
    process.kill(process.pid, "SIGTERM");
    await daemon;
  }
}

async function main(bundle: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cooper-warm-"));
  try {
    const { main, scripts } = loadBundle(bundle);
    const run = async (...args: string[]) => {
      process.argv.splice(2, Infinity, ...args);
      await main.runCommand("buildctl-daemonless.sh");
    };
    const local = ["--local", `context=${folder}`, "--local", `dockerfile=${folder}`, "--progress=plain"];
    const build = ["build", "--frontend=dockerfile.v0", ...local];
    const output = ["--output", `type=oci,dest=${folder}/image.tar`];
    const dockerfile = (...lines: string[]) => writeFileSync(join(folder, "Dockerfile"), `${lines.join("\n")}\n`);
    dockerfile("FROM scratch");
    process.env.BUILDKITD_FLAGS = `--root ${folder}/root --config ${folder}/buildkitd.toml`;
    writeFileSync(join(folder, ".dockerignore"), "*\n!Dockerfile\n");
    await withImage(folder, async (host) => {
      writeFileSync(join(folder, "buildkitd.toml"), `[registry."${host}"]\n  http = true\n`);
      const from = `FROM ${host}/warm`;
      dockerfile(
        "ARG A=1",
        `${from} AS one`,
        "ENV B=$A",
        "WORKDIR /w",
        "COPY . .",
        from,
        "COPY --from=one /w /w",
        'CMD ["x"]',
      );
      // Twice: the first fills the cache, the second finds all in it.
      for (let time = 0; time < 2; time++) await run(...build, ...output);
      // Without a busybox there is nothing to run in that image: the step fails, but only when all of it has been set up.
      dockerfile(from, 'RUN ["/bin/true"]', 'RUN ["/bin/true", "again"]');
      await run(...build, ...output);
    });
    await run("build", "--help");
    const keep = () => {
      // A tunnel sets it (src/grpc/tunnel.ts), and V8 takes code only from a process whose flags are the same.
      setFlagsFromString("--heap-growing-percent=0");
      for (const [name, script] of scripts) writeFileSync(join(bundle, `${name}.cache`), script.createCachedData());
    };
    keep();
    dockerfile("FROM scratch", "COPY Dockerfile /");
    await withDaemon(main, folder, async (address) => {
      process.argv.splice(2, Infinity, "--addr", address, ...build, ...output);
      await main.runCommand("buildctl");
    });
    keep();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main(process.argv[2] ?? "");
process.exitCode = 0;
