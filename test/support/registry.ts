import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { busyboxImage, sha256, type TestImage } from "./base-image.ts";

/** Debian's docker-registry on a port of the loopback that the system picked, its store in a temporary folder. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  push(image: TestImage, repository: string, tag: string): Promise<void>;
}

/** Starts a registry; with `library/busybox:latest` in it. */
export async function startRegistry(): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), "cooper-registry-"));
  const config = `version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: ${folder}/store}}\nhttp: {addr: "127.0.0.1:0"}\n`;
  await writeFile(join(folder, "config.yml"), config);
  const child = spawn("docker-registry", ["serve", join(folder, "config.yml")], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, OTEL_TRACES_EXPORTER: "none" },
  });
  const stop = async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const host = await listeningAt(child);
    const push = (image: TestImage, repository: string, tag: string) => pushImage(host, image, repository, tag);
    await push(busyboxImage(), "library/busybox", "latest");
    return { host, push, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function listeningAt(child: ChildProcess): Promise<string> {
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
    said.push(line);
    const found = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (found !== undefined) {
      child.stderr?.resume();
      return found;
    }
  }
  throw new Error(`docker-registry ended:\n${said.join("\n")}`);
}

async function pushImage(host: string, image: TestImage, repository: string, tag: string): Promise<void> {
  const base = `http://${host}/v2/${repository}`;
  for (const blob of image.blobs) {
    const begun = await expectOk(await fetch(`${base}/blobs/uploads/`, { method: "POST" }));
    const url = new URL(begun.headers.get("location") ?? "", base);
    url.searchParams.set("digest", sha256(blob));
    const headers = { "content-type": "application/octet-stream" };
    await expectOk(await fetch(url, { method: "PUT", body: new Uint8Array(blob), headers }));
  }
  const headers = { "content-type": image.mediaType };
  await expectOk(
    await fetch(`${base}/manifests/${tag}`, { method: "PUT", body: new Uint8Array(image.manifest), headers }),
  );
}

async function expectOk(response: Response): Promise<Response> {
  if (!response.ok) throw new Error(`registry answered ${response.status}: ${await response.text()}`);
  return response;
}
