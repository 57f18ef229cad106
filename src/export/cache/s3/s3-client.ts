import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  type Bytes,
  CooperError,
  collect,
  isCooperError,
  prefixed,
  type Scope,
  sleep,
  userAgent,
} from "../../../kit/index.ts";
import { connectionError } from "../../../registry/index.ts";
import type { S3Config } from "./s3-config.ts";
import { encodeKey, type S3Credentials, signS3 } from "./sign.ts";

/** No byte for this long means that the other side is gone. */
const idleMs = 60_000;
/** Of an answer that says what went wrong. */
const errorLimit = 64 * 1024;
const emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

export interface S3Object {
  readonly size: number;
  readonly lastModified: Date;
}
/** What is written: `open` may be called again, and gives the same bytes. */
export interface S3Body {
  readonly size: number;
  /** In hex. */
  readonly sha256: string;
  readonly open: () => Bytes;
}

interface Wish {
  readonly operation: string;
  readonly method: "GET" | "HEAD" | "PUT";
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: S3Body;
}

/** The few calls of S3's that a cache needs. What fails in passing is tried again. Throws `export/s3-failed`. */
export class S3Client {
  readonly #config: S3Config;
  readonly #credentials: () => Promise<S3Credentials>;

  constructor(config: S3Config, credentials: () => Promise<S3Credentials>) {
    this.#config = config;
    this.#credentials = credentials;
  }

  /** Undefined: there is no such object. */
  async head(key: string, scope: Scope): Promise<S3Object | undefined> {
    const response = await this.#call({ operation: "HeadObject", method: "HEAD", key }, scope);
    response?.resume();
    if (response === undefined) return undefined;
    const { "content-length": size, "last-modified": time = "" } = response.headers;
    return { size: Number(size), lastModified: new Date(time) };
  }

  /** Undefined: there is no such object. */
  async get(key: string, scope: Scope): Promise<Bytes | undefined> {
    return this.#call({ operation: "GetObject", method: "GET", key }, scope);
  }

  async put(key: string, body: S3Body, scope: Scope): Promise<void> {
    const response = await this.#call({ operation: "PutObject", method: "PUT", key, body }, scope);
    response?.resume();
  }

  /** Makes the object young, for rules that delete old ones. */
  async touch(key: string, scope: Scope): Promise<void> {
    const headers = {
      "x-amz-copy-source": encodeKey(`${this.#config.bucket}/${key}`),
      "x-amz-meta-updated-at": new Date().toISOString(),
      "x-amz-metadata-directive": "REPLACE",
    };
    const response = await this.#call({ operation: "CopyObject", method: "PUT", key, headers }, scope);
    response?.resume();
  }

  async #call(wish: Wish, scope: Scope): Promise<IncomingMessage | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#tryOnce(wish, scope);
      } catch (error) {
        scope.signal.throwIfAborted();
        if (attempt >= this.#config.attempts || !isTransient(error)) throw this.#failed(wish, error);
        await sleep(Math.random() * 200 * 2 ** attempt, scope.signal);
      }
    }
  }

  async #tryOnce({ method, key, headers = {}, body }: Wish, scope: Scope): Promise<IncomingMessage | undefined> {
    const url = this.#urlOf(key);
    const plain = { ...headers, "user-agent": userAgent };
    const payload = body?.sha256 ?? emptyPayload;
    const signed = signS3(
      { method, url, headers: plain, payload },
      await this.#credentials(),
      this.#config.region,
      new Date(),
    );
    const length = method === "PUT" ? { "content-length": String(body?.size ?? 0) } : {};
    const response = await send(method, url, { ...signed, ...length }, body?.open, scope);
    const status = response.statusCode ?? 0;
    if (status < 300) return response;
    const text = method === "HEAD" ? "" : await textOf(response);
    response.resume();
    const code = /<Code>(.*?)<\/Code>/s.exec(text)?.[1] ?? "";
    if (status === 404 && code !== "NoSuchBucket") return undefined;
    const message = /<Message>(.*?)<\/Message>/s.exec(text)?.[1] ?? response.statusMessage ?? "";
    const details = { kind: "s3", status };
    throw new CooperError("export/s3-failed", `StatusCode: ${status}, ${code || "api error"}: ${message}`, { details });
  }

  #urlOf(key: string): URL {
    const { bucket, region, endpoint, pathStyle } = this.#config;
    const base = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
    const inPath = endpoint === undefined ? bucket.includes(".") : pathStyle;
    if (!inPath) base.host = `${bucket}.${base.host}`;
    base.pathname = `${base.pathname.replace(/\/$/, "")}/${inPath ? `${bucket}/` : ""}${encodeKey(key)}`;
    return base;
  }

  #failed({ operation }: Wish, error: unknown): CooperError {
    return prefixed(`operation error S3: ${operation}`, error, "export/s3-failed");
  }
}

function isTransient(error: unknown): boolean {
  if (!isCooperError(error)) return false;
  const { status, transient } = (error.details ?? {}) as { status?: number; transient?: boolean };
  return transient === true || status === 429 || (status !== undefined && status >= 500);
}

async function textOf(response: IncomingMessage): Promise<string> {
  return (await collect(response, errorLimit, "the answer").catch(() => Buffer.alloc(0))).toString();
}

async function send(
  method: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  open: (() => Bytes) | undefined,
  { signal }: Scope,
): Promise<IncomingMessage> {
  const secure = url.protocol === "https:";
  // Nothing is kept alive: the process must be able to end. Proxies of the environment are honoured.
  const options = { keepAlive: false, proxyEnv: process.env };
  const agent = secure ? new SecureAgent(options) : new PlainAgent(options);
  const outgoing = (secure ? secureRequest : plainRequest)(url, { method, headers, agent, signal });
  outgoing.setTimeout(idleMs, () => outgoing.destroy(new Error(`no byte for ${idleMs / 1000} s`)));
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.once("error", reject);
  });
  // A server may answer before it has read everything: then its answer counts, not that the body did not get through.
  const sent = pipeline(Readable.from(open?.() ?? []), outgoing).then(() => answer);
  try {
    return await Promise.race([answer, sent]);
  } catch (error) {
    sent.catch(() => {});
    signal.throwIfAborted();
    throw connectionError(method, url, error);
  } finally {
    sent.catch(() => {});
  }
}
