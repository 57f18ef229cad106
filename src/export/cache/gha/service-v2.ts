import { CooperError, type Scope } from "../../../kit/index.ts";
import { BlockBlobs, signedAddress } from "../azure/block-blobs.ts";
import type { ObjectBody } from "../objects/contract.ts";
import { jsonOf } from "../objects/http.ts";
import { steadyBytes } from "../objects/steady-bytes.ts";
import { type ActionsHttp, failed, jsonBody, saysExists } from "./actions-http.ts";
import { type ActionsEntry, type ActionsService, keyVersion, type Reservation } from "./contract.ts";

/** The service of today: calls in Twirp's JSON say where in Azure's Blob service an entry is read and written. */
export class ServiceV2 implements ActionsService {
  readonly #http: ActionsHttp;
  readonly #base: string;
  readonly #blobs = new BlockBlobs(signedAddress, 1000);

  constructor(http: ActionsHttp, url: URL) {
    this.#http = http;
    this.#base = `${url.href.replace(/\/+$/, "")}/twirp/github.actions.results.api.v1.CacheService/`;
  }

  async load(key: string, scope: Scope): Promise<ActionsEntry | undefined> {
    const found = await this.#find(key, scope);
    if (found === undefined) return undefined;
    return { key: found.key, open: (inner) => this.#open(key, found.url, inner) };
  }

  async reserve(key: string, scope: Scope): Promise<Reservation | "exists"> {
    const request = { key, version: keyVersion };
    const answer = await this.#call("CreateCacheEntry", request, false, scope).catch((error: unknown) => {
      if (saysExists(error)) return "exists" as const;
      throw error;
    });
    if (answer === "exists") return answer;
    if (answer.ok !== true) throw failed("failed to reserve cache", 200);
    const url = addressIn(answer.signed_upload_url);
    return {
      upload: (body: ObjectBody, inner) => this.#blobs.put(url, body, {}, inner),
      commit: (size, inner) => this.#commit(key, size, inner),
    };
  }

  async #commit(key: string, size: number, scope: Scope): Promise<void> {
    const request = { key, size_bytes: size, version: keyVersion };
    const { ok } = await this.#call("FinalizeCacheEntryUpload", request, true, scope);
    if (ok !== true) throw failed("failed to commit cache", 200);
  }

  async #find(key: string, scope: Scope): Promise<{ readonly key: string; readonly url: URL } | undefined> {
    const request = { key, restore_keys: [key], version: keyVersion };
    const answer = await this.#call("GetCacheEntryDownloadURL", request, true, scope);
    if (answer.ok !== true) return undefined;
    return { key: String(answer.matched_key ?? ""), url: addressIn(answer.signed_download_url) };
  }

  /** Addresses are good for a while only: one that is no longer is asked for again, once. */
  async #open(key: string, address: URL, scope: Scope) {
    let url = address;
    const read = async (offset: number) => {
      try {
        return await this.#blobs.read(url, offset, scope);
      } catch (error) {
        if (!isRefused(error)) throw error;
        const again = await this.#find(key, scope);
        if (again === undefined) throw failed("cache entry no longer exists", 404);
        url = again.url;
        return await this.#blobs.read(url, offset, scope);
      }
    };
    return steadyBytes(await read(0), read, scope);
  }

  async #call(
    name: string,
    request: unknown,
    repeatable: boolean,
    scope: Scope,
  ): Promise<Readonly<Record<string, unknown>>> {
    const url = new URL(`${this.#base}${name}`);
    const text = await this.#http.call({ method: "POST", url, ...jsonBody(request), repeatable }, scope);
    const answer = jsonOf(text);
    if (answer !== undefined) return answer;
    throw failed(`cannot read the answer to ${name}: it is no JSON`, 200);
  }
}

function isRefused(error: unknown): boolean {
  const status = error instanceof CooperError ? (error.details as { status?: number } | undefined)?.status : undefined;
  return status === 401 || status === 403;
}

function addressIn(value: unknown): URL {
  const text = String(value ?? "");
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return new URL(text);
  throw failed("cannot use the answer of the cache service: it has no address", 200);
}
