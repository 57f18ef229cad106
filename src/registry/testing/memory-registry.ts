import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { sha256 } from "../../kit/index.ts";
import { type GuardOptions, guard } from "./guard.ts";
import { Uploads } from "./uploads.ts";

/** A request that came, for assertions and for the script. `count` is how often this method and path came, this one included. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly count: number;
}

/** One thing that real registries do wrong. */
export type Misbehaviour =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** Sends the body's first bytes, then resets the connection. */
  | { readonly kind: "cut"; readonly after: number }
  /** Ends the answer properly, but with only the first bytes. */
  | { readonly kind: "short"; readonly bytes: number }
  /** Sends other bytes of the same length. */
  | { readonly kind: "wrong-bytes" }
  /** Sends bytes without end, and without telling a length. */
  | { readonly kind: "endless" }
  | { readonly kind: "reset" }
  /** Keeps so many bytes of an upload, then resets. */
  | { readonly kind: "reset-after-reading"; readonly bytes: number }
  /** Never answers. */
  | { readonly kind: "hang" }
  /** Sends the whole blob although a range was asked for. */
  | { readonly kind: "ignore-range" };

export interface MemoryRegistryOptions {
  /** Called for every request; what it returns happens instead of the right answer. */
  readonly script?: (request: SeenRequest) => Misbehaviour | undefined;
  readonly guard?: GuardOptions;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Leaves `Docker-Content-Digest` out, as some registries do. */
  readonly noDigestHeader?: boolean;
}

interface StoredManifest {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/**
 * An OCI distribution registry in memory on 127.0.0.1: pulls with ranges, pushes by POST, PATCH and PUT, mounts, token and
 * basic authorization; a script makes it misbehave. Repositories share nothing but what is mounted.
 */
export class MemoryRegistry implements AsyncDisposable {
  /** By `repository@digest`. */
  readonly blobs = new Map<string, Buffer>();
  /** By `repository:tag` and `repository@digest`. */
  readonly manifests = new Map<string, StoredManifest>();
  readonly seen: SeenRequest[] = [];
  readonly #options: MemoryRegistryOptions;
  readonly #uploads = new Uploads();
  readonly #sockets = new Set<Socket>();
  readonly #server: ReturnType<typeof createServer>;

  private constructor(options: MemoryRegistryOptions) {
    this.#options = options;
    const answer = (request: IncomingMessage, response: ServerResponse) => {
      this.#handle(request, response).catch(() => response.destroy());
    };
    this.#server = options.tls === undefined ? createServer(answer) : createTlsServer(options.tls, answer);
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  static async start(options: MemoryRegistryOptions = {}): Promise<MemoryRegistry> {
    const registry = new MemoryRegistry(options);
    await new Promise<void>((resolve) => registry.#server.listen(0, "127.0.0.1", resolve));
    return registry;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Puts a blob there and returns its descriptor. */
  addBlob(repository: string, bytes: Uint8Array, mediaType = "application/octet-stream") {
    const digest = sha256(bytes);
    this.blobs.set(`${repository}@${digest}`, Buffer.from(bytes));
    return { mediaType, digest, size: bytes.byteLength };
  }

  /** Puts a manifest there under a tag and its digest, and returns its descriptor. */
  addManifest(repository: string, tag: string, text: string, mediaType: string) {
    const bytes = Buffer.from(text);
    const digest = sha256(bytes);
    this.manifests.set(`${repository}:${tag}`, { mediaType, bytes });
    this.manifests.set(`${repository}@${digest}`, { mediaType, bytes });
    return { mediaType, digest, size: bytes.byteLength };
  }

  /** `METHOD path` of what came so far, without queries; for assertions. */
  get log(): string[] {
    return this.seen.map((request) => `${request.method} ${request.path.split("?")[0]}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = this.#see(request);
    const misbehaviour = this.#options.script?.(seen);
    if (misbehaviour !== undefined && (await misbehave(misbehaviour, request, response))) return;
    const url = new URL(seen.path, `http://${this.host}`);
    if (this.#options.guard !== undefined && (await guard(this.#options.guard, request, response, url, this.#base)))
      return;
    const match = /^\/v2\/(.+)\/(manifests|blobs)\/(.*)$/.exec(url.pathname);
    if (match === null) return end(response, url.pathname === "/v2/" ? 200 : 404);
    const [, repository = "", kind, reference = ""] = match;
    if (kind === "manifests") return await this.#manifest(repository, reference, request, response);
    if (reference.startsWith("uploads/")) {
      const limit = misbehaviour?.kind === "reset-after-reading" ? misbehaviour.bytes : undefined;
      return await this.#uploads.handle(this.blobs, repository, url, request, response, limit);
    }
    this.#blob(repository, reference, request, response, misbehaviour);
  }

  get #base(): string {
    return `${this.#options.tls === undefined ? "http" : "https"}://${this.host}`;
  }

  #see(request: IncomingMessage): SeenRequest {
    const method = request.method ?? "";
    const path = request.url ?? "";
    const count = this.seen.filter((other) => other.method === method && other.path === path).length + 1;
    const seen = { method, path, headers: request.headers as Record<string, string>, count };
    this.seen.push(seen);
    return seen;
  }

  async #manifest(
    repository: string,
    reference: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const key = reference.includes(":") ? `${repository}@${reference}` : `${repository}:${reference}`;
    if (request.method === "PUT") {
      const bytes = await readAll(request);
      const stored = { mediaType: request.headers["content-type"] ?? "", bytes };
      this.manifests.set(key, stored);
      this.manifests.set(`${repository}@${sha256(bytes)}`, stored);
      return end(response, 201, { "docker-content-digest": sha256(bytes), location: request.url ?? "" });
    }
    const stored = this.manifests.get(key);
    if (stored === undefined)
      return end(response, 404, {}, '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    const named = this.#options.noDigestHeader === true ? {} : { "docker-content-digest": sha256(stored.bytes) };
    const headers = { "content-type": stored.mediaType, "content-length": String(stored.bytes.byteLength), ...named };
    response.writeHead(200, headers);
    response.end(request.method === "HEAD" ? undefined : stored.bytes);
  }

  #blob(
    repository: string,
    digest: string,
    request: IncomingMessage,
    response: ServerResponse,
    misbehaviour: Misbehaviour | undefined,
  ): void {
    const bytes = this.blobs.get(`${repository}@${digest}`);
    if (bytes === undefined) {
      end(response, 404, {}, '{"errors":[{"code":"BLOB_UNKNOWN"}]}');
      return;
    }
    const from =
      misbehaviour?.kind === "ignore-range" ? 0 : Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const rest = bytes.subarray(from);
    const range = from > 0 ? { "content-range": `bytes ${from}-${bytes.byteLength - 1}/${bytes.byteLength}` } : {};
    const type = { "content-type": "application/octet-stream" };
    if (request.method === "HEAD") {
      end(response, 200, { ...type, "content-length": String(bytes.byteLength) });
      return;
    }
    if (misbehaviour?.kind === "short") {
      response.writeHead(200, type);
      response.end(rest.subarray(0, misbehaviour.bytes));
      return;
    }
    response.writeHead(from > 0 ? 206 : 200, { ...type, ...range, "content-length": String(rest.byteLength) });
    if (misbehaviour?.kind === "cut")
      response.write(rest.subarray(0, misbehaviour.after), () => response.socket?.destroy());
    else response.end(misbehaviour?.kind === "wrong-bytes" ? Buffer.from(rest).fill("x") : rest);
  }
}

/** Misbehaves instead of answering; false when the right answer is only to be spoilt. */
async function misbehave(how: Misbehaviour, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  switch (how.kind) {
    case "answer":
      end(response, how.status, how.headers, how.body);
      return true;
    case "reset":
      request.socket.destroy();
      return true;
    case "endless": {
      response.writeHead(200);
      const chunk = Buffer.alloc(65_536);
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", more);
      more();
      return true;
    }
    case "hang":
      return true;
    default:
      return false;
  }
}

export async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Ends an answer. */
export function end(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
  body?: string,
): void {
  response.writeHead(status, headers);
  response.end(body);
}
