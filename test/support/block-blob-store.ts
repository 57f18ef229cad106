import type { IncomingMessage, ServerResponse } from "node:http";

/** Blobs in memory, and what Azure's Blob service does with them: whole ones, ones in blocks, parts, conditions. */
export class BlockBlobStore {
  /** By `CONTAINER/KEY`. */
  readonly blobs = new Map<string, Buffer>();
  readonly #blocks = new Map<string, Buffer>();

  /** Answers a call about one blob. */
  answer(key: string, query: URLSearchParams, request: IncomingMessage, body: Buffer, response: ServerResponse) {
    if (request.method === "PUT") return this.#put(key, query, request, body, response);
    const found = this.blobs.get(key);
    if (found === undefined) return refuse(response, 404, "BlobNotFound");
    const range = String(request.headers["x-ms-range"] ?? request.headers.range ?? "");
    const from = Number(/^bytes=(\d+)-/.exec(range)?.[1] ?? 0);
    const part = found.subarray(from);
    response.writeHead(range === "" ? 200 : 206, {
      "content-length": part.byteLength,
      etag: '"0x1"',
      "last-modified": new Date(0).toUTCString(),
      "x-ms-blob-type": "BlockBlob",
      ...(range !== "" && { "content-range": `bytes ${from}-${found.byteLength - 1}/${found.byteLength}` }),
    });
    response.end(request.method === "HEAD" ? undefined : part);
  }

  #put(key: string, query: URLSearchParams, { headers }: IncomingMessage, body: Buffer, response: ServerResponse) {
    if (query.get("comp") === "block") {
      this.#blocks.set(`${key} ${query.get("blockid")}`, body);
      return created(response);
    }
    if (headers["if-none-match"] === "*" && this.blobs.has(key)) return refuse(response, 409, "BlobAlreadyExists");
    if (query.get("comp") === "blocklist") {
      const ids = [...body.toString().matchAll(/<(?:Latest|Uncommitted)>(.*?)</g)].map(([, id]) => id);
      const parts = ids.map((id) => this.#blocks.get(`${key} ${id}`));
      if (parts.includes(undefined)) return refuse(response, 400, "InvalidBlockList");
      this.blobs.set(key, Buffer.concat(parts as Buffer[]));
      return created(response);
    }
    if (headers["x-ms-blob-type"] !== "BlockBlob") return refuse(response, 400, "MissingRequiredHeader");
    this.blobs.set(key, body);
    created(response);
  }
}

export function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "x-ms-error-code": code, "content-type": "application/xml" });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>as the test wants it</Message></Error>`);
}

function created(response: ServerResponse): void {
  response.writeHead(201, { etag: '"0x1"', "last-modified": new Date(0).toUTCString(), "x-ms-request-id": "1" }).end();
}
