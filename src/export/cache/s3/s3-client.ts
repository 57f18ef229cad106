import type { IncomingMessage } from "node:http";
import { type Bytes, CooperError, prefixed, type Scope, sleep, userAgent } from "../../../kit/index.ts";
import type { ObjectBody } from "../objects/contract.ts";
import { httpCall, isTransient, textOf } from "../objects/http.ts";
import type { S3Config } from "./s3-config.ts";
import { encodeKey, type S3Credentials, signS3 } from "./sign.ts";

const emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

export interface S3Object {
  readonly size: number;
  readonly lastModified: Date;
}

interface Wish {
  readonly operation: string;
  readonly method: "GET" | "HEAD" | "PUT";
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: ObjectBody;
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

  async put(key: string, body: ObjectBody, scope: Scope): Promise<void> {
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
    const response = await httpCall({ method, url, headers: { ...signed, ...length }, open: body?.open }, scope);
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
