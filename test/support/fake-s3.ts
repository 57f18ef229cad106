import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Buckets in memory, addressed by path, for the calls that a cache needs. Who has not the right key id is refused. */
export interface FakeS3 extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** By `BUCKET/KEY`. */
  readonly objects: Map<string, Buffer>;
  /** `METHOD BUCKET/KEY`, in order; copies are `COPY`. */
  readonly calls: string[];
  /** Answers so many calls with 503 first. */
  failures: number;
}

export const s3KeyId = "FAKEKEY";

export async function startS3(): Promise<FakeS3> {
  const objects = new Map<string, Buffer>();
  const calls: string[] = [];
  const made = new Date();
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
    const { pathname } = new URL(request.url ?? "/", "http://fake");
    const key = decodeURIComponent(pathname.slice(1));
    const source = request.headers["x-amz-copy-source"];
    calls.push(`${source === undefined ? request.method : "COPY"} ${key}`);
    if (fake.failures > 0) {
      fake.failures--;
      return fail(503, "SlowDown");
    }
    if (!new RegExp(`Credential=${s3KeyId}/\\d{8}/[^/]+/s3/aws4_request`).test(request.headers.authorization ?? "")) {
      return fail(403, "InvalidAccessKeyId");
    }
    const stated = request.headers["x-amz-content-sha256"];
    const actual = createHash("sha256").update(body).digest("hex");
    if (stated !== actual && stated !== "UNSIGNED-PAYLOAD") return fail(400, "XAmzContentSHA256Mismatch");
    if (source !== undefined) return void response.end("<CopyObjectResult></CopyObjectResult>");
    if (request.method === "PUT") {
      objects.set(key, body);
      return void response.end();
    }
    const found = objects.get(key);
    if (found === undefined) return fail(404, "NoSuchKey");
    const headers = { "content-length": found.byteLength, "last-modified": made.toUTCString() };
    response.writeHead(200, headers).end(request.method === "HEAD" ? undefined : found);

    function fail(status: number, code: string): void {
      response.writeHead(status).end(`<Error><Code>${code}</Code><Message>as the test wants it</Message></Error>`);
    }
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const fake: FakeS3 = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    calls,
    failures: 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}
