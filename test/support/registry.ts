import { DockerRegistry } from "../../src/registry/testing/index.ts";
import { busyboxImage, sha256, type TestImage } from "./base-image.ts";

/** Debian's docker-registry on a port of the loopback that the system picked, its store in a temporary folder. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  push(image: TestImage, repository: string, tag: string): Promise<void>;
}

/** Starts a registry; with `library/busybox:latest` in it. */
export async function startRegistry(): Promise<TestRegistry> {
  const registry = await DockerRegistry.start();
  const { host } = registry;
  const push = (image: TestImage, repository: string, tag: string) => pushImage(host, image, repository, tag);
  const stop = () => registry[Symbol.asyncDispose]();
  try {
    await push(busyboxImage(), "library/busybox", "latest");
    return { host, push, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
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
