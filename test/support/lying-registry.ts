import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { busyboxImage, sha256, type TestImage } from "./base-image.ts";

/** What a request is for. */
export type Wanted = "ping" | "manifest" | "config" | "layer" | "upload";

/** Answers in its own way; gives false when the honest answer is to be given. */
export type Lie = (wanted: Wanted, request: IncomingMessage, response: ServerResponse, honest: Buffer) => boolean;

/** A registry of one image, under every name, that can be told to lie. */
export interface LyingRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Set at any time. */
  lie: Lie;
  /** Every request so far: `GET layer`. */
  readonly asked: string[];
}

/** Starts it on a port of the loopback that the system picked. */
export async function startLyingRegistry(image: TestImage = busyboxImage()): Promise<LyingRegistry> {
  const [config, ...layers] = image.blobs;
  if (config === undefined) throw new Error("an image has a config");
  const byDigest = new Map(image.blobs.map((blob) => [sha256(blob), blob]));
  const asked: string[] = [];
  const registry = { lie: (() => false) as Lie };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "/");
    const digest = /sha256:[0-9a-f]{64}/.exec(path)?.[0] ?? "";
    const blob = byDigest.get(digest);
    const wanted = wantedBy(path, blob === config);
    asked.push(`${request.method} ${wanted}`);
    const honest = wanted === "manifest" ? image.manifest : (blob ?? Buffer.alloc(0));
    if (registry.lie(wanted, request, response, honest)) return;
    if (wanted === "ping") response.end("{}");
    else if (wanted === "manifest") give(request, response, honest, image.mediaType);
    else if (blob !== undefined) give(request, response, honest, "application/octet-stream");
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(registry, {
    host: `127.0.0.1:${port}`,
    asked,
    layers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function wantedBy(path: string, isConfig: boolean): Wanted {
  if (path.endsWith("/v2/")) return "ping";
  if (path.includes("/manifests/")) return "manifest";
  if (path.includes("/uploads/")) return "upload";
  return isConfig ? "config" : "layer";
}

function give(request: IncomingMessage, response: ServerResponse, body: Buffer, type: string): void {
  const digest = sha256(body);
  response.writeHead(200, { "content-type": type, "content-length": body.length, "docker-content-digest": digest });
  response.end(request.method === "HEAD" ? undefined : body);
}
