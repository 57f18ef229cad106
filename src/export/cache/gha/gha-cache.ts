import {
  type Bytes,
  CooperError,
  collect,
  type Digest,
  goQuote,
  prefixed,
  type Scope,
  sha256Fields,
  sleep,
} from "../../../kit/index.ts";
import {
  type Attributes,
  configLimit,
  type Environment,
  type ObjectBody,
  type ObjectStore,
} from "../objects/contract.ts";
import { ActionsHttp } from "./actions-http.ts";
import { type GhaConfig, ghaConfig } from "./config.ts";
import type { ActionsService, Reservation } from "./contract.ts";
import { knownKeys } from "./known-keys.ts";
import { ServiceV1 } from "./service-v1.ts";
import { ServiceV2 } from "./service-v2.ts";
import { type ActionsToken, readToken, scopeMark, writableScope } from "./token.ts";

const blobPrefix = "buildkit-blob-1-";
/** How long somebody who began an index may take to finish it, in milliseconds. */
const patience = 15_000;
const pause = 2000;
/** So many that nobody finished mean that the service is broken. */
const mostAbandoned = 100;

/**
 * A cache in GitHub's cache of workflows. Entries are never changed, so an index has a new number each time it is written; one is there for
 * each scope of the token (a branch, the branch that it came from), and all are read. Throws `export/gha-failed`.
 */
export class GhaCache implements ObjectStore {
  readonly parallelism = 4;
  readonly #config: GhaConfig;
  readonly #token: ActionsToken;
  readonly #service: ActionsService;
  #known: Promise<ReadonlySet<string> | undefined> | undefined;

  /** Throws `export/bad-attribute`. */
  constructor(attrs: Attributes, env: Environment) {
    this.#config = ghaConfig(attrs, env);
    const { url, token, timeout, version } = this.#config;
    this.#token = readToken(token, new Date());
    const http = new ActionsHttp(token, timeout);
    this.#service = version === 2 ? new ServiceV2(http, url) : new ServiceV1(http, url);
  }

  get id(): string {
    return `gha:${sha256Fields(this.#config.url.href, ...this.#token.scopes.map(({ scope }) => scope))}`;
  }

  async configs(scope: Scope): Promise<readonly Uint8Array[]> {
    const found = await Promise.all(
      this.#token.scopes.map(async (one) => {
        const entry = await this.#service.load(`${this.#indexKey(one.scope)}`, scope);
        return entry && collect(await entry.open(scope), configLimit, entry.key);
      }),
    );
    return found.filter((config) => config !== undefined);
  }

  async has(blob: Digest, scope: Scope): Promise<boolean> {
    return (await this.#service.load(keyOf(blob), scope)) !== undefined;
  }

  async open(blob: Digest, scope: Scope): Promise<Bytes | undefined> {
    const entry = await this.#service.load(keyOf(blob), scope);
    return entry?.open(scope);
  }

  async keep(blob: Digest, scope: Scope): Promise<boolean> {
    const known = await this.#listed(scope);
    return known === undefined ? this.has(blob, scope) : known.has(keyOf(blob));
  }

  async putBlob(blob: Digest, body: ObjectBody, scope: Scope): Promise<void> {
    const entry = await this.#service.reserve(keyOf(blob), scope);
    if (entry === "exists") return;
    await save(entry, body, scope).catch((error: unknown) => {
      throw prefixed("error writing layer blob", error, "export/gha-failed");
    });
  }

  /** With the number after the last one's. Who is at it right now is waited for, and after a while passed over. */
  async putConfig(body: ObjectBody, scope: Scope): Promise<void> {
    const key = this.#indexKey(writableScope(this.#token));
    for (let waited = 0; ; waited += pause) {
      const last = await this.#lastNumber(key, scope);
      for (let number = last + 1; number <= last + (waited > patience ? mostAbandoned : 1); number++) {
        const entry = await this.#service.reserve(`${key}#${number}`, scope);
        if (entry !== "exists") return await save(entry, body, scope);
      }
      if (waited > patience)
        throw new CooperError("export/gha-failed", `cannot write ${key}: all its numbers are taken`);
      await sleep(pause, scope.signal);
    }
  }

  async #lastNumber(key: string, scope: Scope): Promise<number> {
    const last = await this.#service.load(`${key}#`, scope);
    if (last === undefined) return 0;
    const text = last.key.startsWith(`${key}#`) ? last.key.slice(key.length + 1) : last.key;
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw new CooperError(
      "export/gha-failed",
      text === ""
        ? `corrupt empty index for ${key}`
        : `failed to parse ${key} index: strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`,
    );
  }

  #indexKey(scope: string): string {
    return `index-${this.#config.scope}-1-${scopeMark(scope)}`;
  }

  /** Undefined: nobody asked for a list, or there is none to be had. */
  #listed(scope: Scope): Promise<ReadonlySet<string> | undefined> {
    const { list } = this.#config;
    if (list === undefined) return Promise.resolve(undefined);
    this.#known ??= knownKeys(list, this.#token, blobPrefix, scope).catch((error: unknown) => {
      scope.signal.throwIfAborted();
      scope.log(`error initializing active key map: ${String(error)}`);
      return undefined;
    });
    return this.#known;
  }
}

function keyOf(blob: Digest): string {
  return `${blobPrefix}${blob}`;
}

async function save(entry: Reservation, body: ObjectBody, scope: Scope): Promise<void> {
  await entry.upload(body, scope);
  await entry.commit(body.size, scope);
}
