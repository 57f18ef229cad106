import { createReadStream, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";

/** What the server gives at a path. */
export interface WebPage {
  readonly body: Buffer | string;
  readonly etag?: string;
  readonly modified?: Date;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An HTTP server on a port of the loopback that the system picked. */
export interface TestWeb extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** By path, with the slash. May be changed at any time. */
  readonly pages: Map<string, WebPage>;
  /** Requests so far: `GET /path`, and their headers. */
  readonly requests: { readonly line: string; readonly headers: IncomingMessage["headers"] }[];
}

/** Serves pages and, below `folder`, files (enough for git's dumb protocol). An ETag that matches is answered with 304. */
export async function startWeb(pages: Readonly<Record<string, WebPage>> = {}, folder?: string): Promise<TestWeb> {
  const web = { pages: new Map(Object.entries(pages)), requests: [] as TestWeb["requests"][number][] };
  const server = createServer((request, response) => {
    web.requests.push({ line: `${request.method} ${request.url}`, headers: request.headers });
    const path = decodeURIComponent((request.url ?? "/").replace(/\?.*/, ""));
    const page = web.pages.get(path);
    if (page !== undefined) answer(page, request, response);
    else if (folder !== undefined) answerFile(join(folder, normalize(path)), request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...web,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(page: WebPage, request: IncomingMessage, response: ServerResponse): void {
  const headers = {
    ...(page.etag !== undefined && { etag: `"${page.etag}"` }),
    ...(page.modified !== undefined && { "last-modified": page.modified.toUTCString() }),
    ...page.headers,
  };
  if (page.etag !== undefined && request.headers["if-none-match"]?.includes(`"${page.etag}"`) === true) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, "content-length": Buffer.byteLength(page.body) });
  response.end(request.method === "HEAD" ? undefined : page.body);
}

function answerFile(path: string, request: IncomingMessage, response: ServerResponse): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() !== true) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "content-length": stats.size, "last-modified": stats.mtime.toUTCString() });
  if (request.method === "HEAD") response.end();
  else createReadStream(path).pipe(response);
}
