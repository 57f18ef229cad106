import type { ServerResponse } from "node:http";
import { BlockBlobStore, refuse } from "./block-blob-store.ts";
import { type Served, serve } from "./serve.ts";

/** GitHub's cache of workflows in memory, both versions of the service. Who has not the right token is refused; keys cannot be taken twice. */
export interface FakeGha extends Served {
  /** Entries that are complete, oldest first: `SCOPE KEY`. */
  readonly entries: Map<string, Buffer>;
  /** What was called: `CreateCacheEntry KEY`, `PATCH`, `PUT`, `GET`. */
  readonly calls: string[];
  /** Keys that somebody else is just writing: they are taken, so many more times. */
  readonly locked: Map<string, number>;
  /** Tells so many calls to slow down first, with this `Retry-After`. */
  slow: { times: number; retryAfter: string | undefined };
  /** Addresses that were given until now are no longer good. */
  expire(): void;
}

const keyVersion = "693bb7016429d80366022f036f84856888c9f13e00145f5f6f4dce303a38d6f2";

/** A token for these scopes; the first may be written. */
export function actionsToken(scopes: readonly string[], expires = Date.now() / 1000 + 3600): string {
  const ac = JSON.stringify(scopes.map((Scope, at) => ({ Scope, Permission: at === 0 ? 3 : 1 })));
  const claims = { ac, nbf: Math.floor(Date.now() / 1000) - 3600, exp: Math.floor(expires) };
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}.${Buffer.from("unchecked").toString("base64url")}`;
}

function scopesOf(authorization: string | undefined): string[] | undefined {
  const [, claims] = authorization?.split(".") ?? [];
  if (!authorization?.startsWith("Bearer ") || claims === undefined) return undefined;
  const { ac } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { ac: string };
  return (JSON.parse(ac) as { Scope: string }[]).map(({ Scope }) => Scope);
}

interface Pending {
  readonly scope: string;
  readonly key: string;
  readonly parts: Map<number, Buffer>;
}

export async function startGha(): Promise<FakeGha> {
  const store = new BlockBlobStore();
  const pending = new Map<string, Pending>();
  const state = {
    entries: new Map<string, Buffer>(),
    calls: [] as string[],
    locked: new Map<string, number>(),
    slow: { times: 0, retryAfter: "0" as string | undefined },
    age: 0,
  };

  const find = (scopes: readonly string[], prefix: string) => {
    for (const scope of scopes) {
      const name = [...state.entries.keys()].findLast((one) => one.startsWith(`${scope} ${prefix}`));
      if (name !== undefined) return { name, key: name.slice(scope.length + 1) };
    }
    return undefined;
  };
  const taken = (scope: string, key: string) => {
    const left = state.locked.get(key) ?? 0;
    if (left > 0) state.locked.set(key, left - 1);
    return left > 0 || state.entries.has(`${scope} ${key}`) || [...pending.values()].some((one) => one.key === key);
  };
  const address = (name: string) => `${served.url}/blobs/${encodeURIComponent(name)}?sig=s%2Bs%3D&age=${state.age}`;

  function twirp(method: string, scopes: readonly string[], body: Buffer, response: ServerResponse) {
    const { key, version, size_bytes, restore_keys } = JSON.parse(body.toString()) as {
      key: string;
      version: string;
      size_bytes?: number;
      restore_keys?: string[];
    };
    const scope = scopes[0] ?? "";
    state.calls.push(`${method} ${key}`);
    if (version !== keyVersion) return json(response, { code: "invalid_argument", msg: "version" }, 400);
    if (method === "GetCacheEntryDownloadURL") {
      const found = find(scopes, restore_keys?.[0] ?? key);
      if (found === undefined) return json(response, { ok: false });
      const { name, key: matched_key } = found;
      return json(response, { ok: true, signed_download_url: address(name), matched_key });
    }
    if (method === "CreateCacheEntry") {
      if (taken(scope, key)) return json(response, { code: "already_exists", msg: "cache entry already exists" }, 409);
      pending.set(key, { scope, key, parts: new Map() });
      return json(response, { ok: true, signed_upload_url: address(`upload ${key}`) });
    }
    const uploaded = store.blobs.get(`upload ${key}`);
    if (uploaded?.byteLength !== Number(size_bytes)) return json(response, { code: "failed_precondition" }, 412);
    pending.delete(key);
    state.entries.set(`${scope} ${key}`, uploaded);
    json(response, { ok: true, entry_id: "1" });
  }

  const served = await serve((request, body, response) => {
    const url = new URL(request.url ?? "/", "http://fake");
    if (url.pathname.startsWith("/blobs/")) {
      state.calls.push(`${request.method} ${url.searchParams.get("comp") ?? "blob"}`);
      if (url.searchParams.get("sig") !== "s+s=" || url.searchParams.get("age") !== `${state.age}`) {
        return refuse(response, 403, "AuthenticationFailed");
      }
      const name = decodeURIComponent(url.pathname.slice("/blobs/".length));
      const entry = state.entries.get(name);
      if (entry !== undefined) store.blobs.set(name, entry);
      return store.answer(name, url.searchParams, request, body, response);
    }
    const scopes = scopesOf(request.headers.authorization);
    if (scopes === undefined) return json(response, { code: "unauthenticated", msg: "no token" }, 401);
    if (state.slow.times > 0) {
      state.slow.times--;
      const { retryAfter } = state.slow;
      response.setHeader("content-type", "application/json");
      if (retryAfter !== undefined) response.setHeader("retry-after", retryAfter);
      return json(response, { code: "resource_exhausted", msg: "slow down" }, 429);
    }
    const method = /^\/twirp\/github\.actions\.results\.api\.v1\.CacheService\/(\w+)$/.exec(url.pathname)?.[1];
    if (method !== undefined) return twirp(method, scopes, body, response);
    const path = url.pathname.replace("/_apis/artifactcache/", "");
    state.calls.push(`${request.method} ${path.replace(/\d+$/, "N")}`);
    if (path === "cache") {
      const found = find(scopes, url.searchParams.get("keys") ?? "");
      if (url.searchParams.get("version") !== keyVersion || found === undefined) {
        return void response.writeHead(204).end();
      }
      return json(response, { cacheKey: found.key, scope: scopes[0], archiveLocation: address(found.name) });
    }
    if (path === "caches") {
      const { key } = JSON.parse(body.toString()) as { key: string };
      if (taken(scopes[0] ?? "", key)) {
        const typeKey = "ArtifactCacheItemAlreadyExistsException";
        return json(response, { message: "Cache already exists", typeKey }, 409);
      }
      const cacheID = pending.size + state.entries.size + 1;
      pending.set(`${cacheID}`, { scope: scopes[0] ?? "", key, parts: new Map() });
      return json(response, { cacheID });
    }
    const id = path.slice("caches/".length);
    const entry = pending.get(id);
    if (entry === undefined) return json(response, { message: "no such cache" }, 404);
    if (request.method === "PATCH") {
      const [, from = "", to = ""] = /^bytes (\d+)-(\d+)\/\*$/.exec(request.headers["content-range"] ?? "") ?? [];
      if (Number(to) - Number(from) + 1 !== body.byteLength) return json(response, { message: "bad range" }, 400);
      entry.parts.set(Number(from), body);
      return void response.writeHead(204).end();
    }
    const whole = Buffer.concat([...entry.parts].sort(([a], [b]) => a - b).map(([, part]) => part));
    if ((JSON.parse(body.toString()) as { size: number }).size !== whole.byteLength) {
      return json(response, { message: "bad size" }, 400);
    }
    pending.delete(id);
    state.entries.set(`${entry.scope} ${entry.key}`, whole);
    response.writeHead(204).end();
  });

  return Object.assign(state, {
    url: served.url,
    expire: () => {
      state.age++;
    },
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  });
}

function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}
