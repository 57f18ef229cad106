import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type Bytes, bytesOf, CooperError, type Scope, sleep, userAgent } from "../../../kit/index.ts";
import { chunksOf, sendChunks } from "../objects/chunks.ts";
import type { ObjectBody } from "../objects/contract.ts";
import { httpCall, isTransient, textOf } from "../objects/http.ts";
import { steadyBytes } from "../objects/steady-bytes.ts";

/** Larger ones are sent in blocks of that many bytes. */
export const blockSize = 8 * 1024 * 1024;
const blocksAtOnce = 2;
const attempts = 5;
const longestPause = 20_000;

export interface AzureCall {
  readonly method: "GET" | "HEAD" | "PUT";
  readonly url: URL;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Pick<ObjectBody, "size" | "open"> | undefined;
}

/** The headers of a call with what says who asks; called for each attempt. */
export type Authorize = (
  method: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  scope: Scope,
) => Promise<Readonly<Record<string, string>>>;

/** For addresses that are signed themselves. */
export const signedAddress: Authorize = async (_method, _url, headers) => headers;

/**
 * The few calls of Azure's Blob service that a cache needs (learn.microsoft.com, "Blob Service REST API"). What fails in passing is tried again.
 * Throws `export/azure-failed` with `status` and `azureCode` in its details, `registry/unreachable`.
 */
export class BlockBlobs {
  readonly #authorize: Authorize;
  /** The first pause before another attempt, in milliseconds. */
  readonly #pause: number;

  constructor(authorize: Authorize, pause = 400) {
    this.#authorize = authorize;
    this.#pause = pause;
  }

  /** The answer must be read, or `resume`d. */
  async call(call: AzureCall, scope: Scope): Promise<IncomingMessage> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(call, scope);
      } catch (error) {
        scope.signal.throwIfAborted();
        if (attempt >= attempts || !isTransient(error)) throw error;
        await sleep(Math.min(longestPause, (0.5 + Math.random()) * this.#pause * 2 ** (attempt - 1)), scope.signal);
      }
    }
  }

  async get(url: URL, scope: Scope): Promise<Bytes> {
    return steadyBytes(await this.read(url, 0, scope), (offset) => this.read(url, offset, scope), scope);
  }

  /** From there on, as far as it comes. */
  async read(url: URL, offset: number, scope: Scope): Promise<Bytes> {
    const headers = offset === 0 ? {} : { "x-ms-range": `bytes=${offset}-` };
    const response = await this.call({ method: "GET", url, headers }, scope);
    if (offset === 0 || response.statusCode === 206) return response;
    response.destroy();
    throw new CooperError("export/azure-failed", `unhandled range in response: ${response.statusCode}`);
  }

  /** In one call, or in blocks that are there together in the end. `headers`: conditions. */
  async put(url: URL, body: ObjectBody, headers: Readonly<Record<string, string>>, scope: Scope): Promise<void> {
    if (body.size <= blockSize) {
      const all = { ...headers, "x-ms-blob-type": "BlockBlob", "content-type": "application/octet-stream" };
      return await this.#put({ method: "PUT", url, headers: all, body }, scope);
    }
    const prefix = randomBytes(8).toString("hex");
    const ids: string[] = [];
    await sendChunks(chunksOf(body.open(), blockSize), blocksAtOnce, async ({ index, bytes }) => {
      const id = Buffer.from(`${prefix}-${String(index).padStart(6, "0")}`).toString("base64");
      ids[index] = id;
      const block = withQuery(url, { comp: "block", blockid: id });
      await this.#put(
        { method: "PUT", url: block, body: { size: bytes.byteLength, open: () => bytesOf(bytes) } },
        scope,
      );
    });
    const list = Buffer.from(
      `<?xml version="1.0" encoding="utf-8"?><BlockList>${ids.map((id) => `<Latest>${id}</Latest>`).join("")}</BlockList>`,
    );
    const all = { ...headers, "content-type": "application/xml" };
    const commit = { size: list.byteLength, open: () => bytesOf(list) };
    await this.#put({ method: "PUT", url: withQuery(url, { comp: "blocklist" }), headers: all, body: commit }, scope);
  }

  async #put(call: AzureCall, scope: Scope): Promise<void> {
    (await this.call(call, scope)).resume();
  }

  async #once({ method, url, headers = {}, body }: AzureCall, scope: Scope): Promise<IncomingMessage> {
    const all = {
      ...headers,
      "user-agent": userAgent,
      "x-ms-version": "2024-11-04",
      "x-ms-date": new Date().toUTCString(),
      ...(method === "PUT" && { "content-length": String(body?.size ?? 0) }),
    };
    const authorized = await this.#authorize(method, url, all, scope);
    const response = await httpCall({ method, url, headers: authorized, open: body?.open }, scope);
    if ((response.statusCode ?? 0) < 300) return response;
    throw await failureOf(response);
  }
}

/** Nothing of the address is told: its query may be what gives the right to read. */
async function failureOf(response: IncomingMessage): Promise<CooperError> {
  const { statusCode: status = 0, statusMessage = "", headers } = response;
  const text = await textOf(response);
  const inText = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`, "s").exec(text)?.[1];
  const code = String(headers["x-ms-error-code"] ?? inText("Code") ?? "UnknownError");
  const reason = (inText("Message") ?? statusMessage).split("\n")[0];
  return new CooperError("export/azure-failed", `RESPONSE ${status}: ERROR CODE: ${code}: ${reason}`, {
    details: { kind: "azure", status, azureCode: code },
  });
}

/** What the query has stays as it is written: it may be signed. */
export function withQuery(url: URL, query: Readonly<Record<string, string>>): URL {
  const made = new URL(url);
  const added = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  made.search = [made.search.slice(1), ...added].filter((part) => part !== "").join("&");
  return made;
}
