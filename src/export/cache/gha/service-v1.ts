import { bytesOf, type Scope } from "../../../kit/index.ts";
import { chunksOf, sendChunks } from "../objects/chunks.ts";
import type { ObjectBody } from "../objects/contract.ts";
import { httpCall, jsonOf } from "../objects/http.ts";
import { steadyBytes } from "../objects/steady-bytes.ts";
import { type ActionsCall, type ActionsHttp, failed, jsonBody, saysExists } from "./actions-http.ts";
import { type ActionsEntry, type ActionsService, keyVersion, type Reservation } from "./contract.ts";

const chunkSize = 16 * 1024 * 1024;
const chunksAtOnce = 2;
const accept = { accept: "application/json;api-version=6.0-preview.1" };

/** The first form of the service, which servers of one's own still have: entries have numbers, and are sent in parts. */
export class ServiceV1 implements ActionsService {
  readonly #http: ActionsHttp;
  readonly #base: string;

  constructor(http: ActionsHttp, url: URL) {
    this.#http = http;
    this.#base = `${url.href.replace(/\/+$/, "")}/_apis/artifactcache/`;
  }

  async load(key: string, scope: Scope): Promise<ActionsEntry | undefined> {
    const url = new URL(`${this.#base}cache`);
    url.searchParams.set("keys", key);
    url.searchParams.set("version", keyVersion);
    const text = await this.#call({ method: "GET", url, repeatable: true }, scope);
    const { cacheKey, archiveLocation } = (text === "" ? undefined : jsonOf(text)) ?? {};
    if (typeof cacheKey !== "string" || cacheKey === "") return undefined;
    const address = String(archiveLocation ?? "");
    if (!URL.canParse(address)) throw failed("cannot use the answer of the cache service: it has no address", 200);
    return { key: cacheKey, open: (inner) => openAddress(new URL(address), inner) };
  }

  async reserve(key: string, scope: Scope): Promise<Reservation | "exists"> {
    const url = new URL(`${this.#base}caches`);
    const call = { method: "POST", url, ...jsonBody({ key, version: keyVersion }), repeatable: false } as const;
    const text = await this.#call(call, scope).catch((error: unknown) => {
      if (saysExists(error)) return undefined;
      throw error;
    });
    if (text === undefined) return "exists";
    const { cacheId, cacheID = cacheId } = jsonOf(text) ?? {};
    if (typeof cacheID !== "number" || cacheID === 0) throw failed(`invalid response ${text.slice(0, 1000)}`, 200);
    const entry = new URL(`${this.#base}caches/${cacheID}`);
    return {
      upload: (body, inner) => this.#upload(entry, body, inner),
      commit: async (size, inner) => {
        await this.#call({ method: "POST", url: entry, ...jsonBody({ size }), repeatable: true }, inner);
      },
    };
  }

  #upload(url: URL, body: ObjectBody, scope: Scope): Promise<void> {
    return sendChunks(chunksOf(body.open(), chunkSize), chunksAtOnce, async ({ offset, bytes }) => {
      const headers = {
        "content-type": "application/octet-stream",
        "content-range": `bytes ${offset}-${offset + bytes.byteLength - 1}/*`,
      };
      const part = { size: bytes.byteLength, open: () => bytesOf(bytes) };
      await this.#call({ method: "PATCH", url, headers, body: part, repeatable: true }, scope);
    });
  }

  #call(call: ActionsCall, scope: Scope): Promise<string> {
    return this.#http.call({ ...call, headers: { ...call.headers, ...accept } }, scope);
  }
}

async function openAddress(url: URL, scope: Scope) {
  const read = async (offset: number) => {
    const headers = offset === 0 ? {} : { range: `bytes=${offset}-` };
    const response = await httpCall({ method: "GET", url, headers }, scope);
    const { statusCode: status = 0, statusMessage } = response;
    if (offset === 0 ? status >= 200 && status < 300 : status === 206) return response;
    response.destroy();
    throw failed(`invalid status response ${status} ${statusMessage}`, status);
  };
  return steadyBytes(await read(0), read, scope);
}
