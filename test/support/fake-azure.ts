import { createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { BlockBlobStore, refuse } from "./block-blob-store.ts";
import { type Served, serve } from "./serve.ts";

/** An account of Azure's Blob service in memory. A call that its key does not sign is refused, unless it has the token. */
export interface FakeAzure extends Served {
  /** With the account's name, as emulators have it. */
  readonly url: string;
  /** By `CONTAINER/KEY`. */
  readonly blobs: Map<string, Buffer>;
  readonly containers: Set<string>;
  /** `METHOD CONTAINER/KEY`, in order. */
  readonly calls: string[];
  /** Answers so many calls with 503 first. */
  failures: number;
  /** Breaks so many downloads off in the middle first. */
  broken: number;
}

export const azureAccount = "devaccount";
export const azureKey = Buffer.from("a key of the account that tests make").toString("base64");
export const azureToken = "a-token-of-the-workload";

export async function startAzure(): Promise<FakeAzure> {
  const store = new BlockBlobStore();
  const state = { containers: new Set<string>(), calls: [] as string[], failures: 0, broken: 0 };
  const served = await serve((request, body, response) => {
    const url = new URL(request.url ?? "/", "http://fake");
    if (url.pathname === "/tenant/oauth2/v2.0/token") {
      const form = new URLSearchParams(body.toString());
      const right = form.get("client_assertion") === "proof" && form.get("client_id") === "client";
      response.writeHead(right ? 200 : 401, { "content-type": "application/json" });
      return void response.end(
        right ? `{"access_token":"${azureToken}","expires_in":3600}` : '{"error":"invalid_client"}',
      );
    }
    const [account, container = "", ...rest] = url.pathname.slice(1).split("/").map(decodeURIComponent);
    const key = rest.join("/");
    const comp = url.searchParams.get("comp");
    state.calls.push(`${request.method} ${container}${key && `/${key}`}${comp === null ? "" : ` ${comp}`}`);
    if (state.failures > 0) {
      state.failures--;
      return refuse(response, 503, "ServerBusy");
    }
    if (account !== azureAccount || !isAuthorized(request, url)) return refuse(response, 403, "AuthenticationFailed");
    if (key === "") {
      if (request.method === "PUT") state.containers.add(container);
      else if (!state.containers.has(container)) return refuse(response, 404, "ContainerNotFound");
      return void response.writeHead(request.method === "PUT" ? 201 : 200, { etag: '"0x1"' }).end();
    }
    if (!state.containers.has(container)) return refuse(response, 404, "ContainerNotFound");
    const found = store.blobs.get(`${container}/${key}`);
    if (request.method === "GET" && found !== undefined && state.broken > 0) {
      state.broken--;
      response.writeHead(200, { "content-length": found.byteLength });
      return void response.write(found.subarray(0, found.byteLength >> 1), () => response.destroy());
    }
    store.answer(`${container}/${key}`, url.searchParams, request, body, response);
  });
  return Object.assign(state, {
    url: `${served.url}/${azureAccount}`,
    blobs: store.blobs,
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  });
}

/** learn.microsoft.com, "Authorize with Shared Key", for what a cache calls. */
function isAuthorized({ method, headers }: IncomingMessage, url: URL): boolean {
  const { authorization } = headers;
  if (authorization === `Bearer ${azureToken}`) return true;
  const length = headers["content-length"] === "0" ? "" : (headers["content-length"] ?? "");
  const own = Object.keys(headers).filter((name) => name.startsWith("x-ms-"));
  const lines = [
    method,
    headers["content-encoding"] ?? "",
    headers["content-language"] ?? "",
    length,
    headers["content-md5"] ?? "",
    headers["content-type"] ?? "",
    "",
    headers["if-modified-since"] ?? "",
    headers["if-match"] ?? "",
    headers["if-none-match"] ?? "",
    headers["if-unmodified-since"] ?? "",
    headers.range ?? "",
    ...own.sort().map((name) => `${name}:${String(headers[name])}`),
    `/${azureAccount}${url.pathname}`,
    ...[...url.searchParams].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}:${value}`),
  ];
  const signature = createHmac("sha256", Buffer.from(azureKey, "base64")).update(lines.join("\n")).digest("base64");
  return authorization === `SharedKey ${azureAccount}:${signature}`;
}
