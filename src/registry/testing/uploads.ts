import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { sha256 } from "../../kit/index.ts";

interface Running {
  bytes: Buffer[];
  size: number;
}

/** The upload half of the registry: sessions that POST opens, PATCH and PUT fill, GET asks about, and PUT closes. */
export class Uploads {
  readonly #running = new Map<string, Running>();

  async handle(
    blobs: Map<string, Buffer>,
    repository: string,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse,
    breakAfter?: number,
  ): Promise<void> {
    const finish = (status: number, headers: Record<string, string> = {}, body?: string) => {
      response.writeHead(status, headers);
      response.end(body);
    };
    const id = url.pathname.split("/uploads/")[1] ?? "";
    if (request.method === "POST") {
      const digest = url.searchParams.get("mount");
      const bytes = blobs.get(`${url.searchParams.get("from")}@${digest}`);
      if (bytes !== undefined) {
        blobs.set(`${repository}@${digest}`, bytes);
        return finish(201, { "docker-content-digest": digest ?? "", location: `/v2/${repository}/blobs/${digest}` });
      }
      const fresh = randomUUID();
      this.#running.set(fresh, { bytes: [], size: 0 });
      return finish(202, { location: `/v2/${repository}/blobs/uploads/${fresh}?state=s`, range: "0-0" });
    }
    const running = this.#running.get(id);
    if (running === undefined) return finish(404, {}, '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}');
    const place = {
      location: `/v2/${repository}/blobs/uploads/${id}?state=t`,
      range: `0-${Math.max(0, running.size - 1)}`,
    };
    if (request.method === "GET") return finish(204, place);
    const begin = /^(\d+)-/.exec(request.headers["content-range"] ?? "")?.[1];
    if (begin !== undefined && Number(begin) !== running.size) return finish(416, place);
    // What came before a connection broke stays, as in a real registry.
    for await (const chunk of request) {
      running.bytes.push(chunk as Buffer);
      running.size += (chunk as Buffer).byteLength;
      if (breakAfter !== undefined && running.size >= breakAfter) request.socket.destroy();
    }
    if (request.method === "PATCH") return finish(202, { ...place, range: `0-${running.size - 1}` });
    const bytes = Buffer.concat(running.bytes);
    const digest = url.searchParams.get("digest") ?? "";
    if (sha256(bytes) !== digest)
      return finish(400, {}, '{"errors":[{"code":"DIGEST_INVALID","message":"digest mismatch"}]}');
    blobs.set(`${repository}@${digest}`, bytes);
    this.#running.delete(id);
    finish(201, { "docker-content-digest": digest, location: `/v2/${repository}/blobs/${digest}` });
  }
}
