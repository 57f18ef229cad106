import { type Bytes, collect, type Digest, type Scope, sha256Fields } from "../../../kit/index.ts";
import {
  type Attributes,
  configLimit,
  type Environment,
  type ObjectBody,
  type ObjectStore,
} from "../objects/contract.ts";
import { s3Credentials } from "./credentials.ts";
import { S3Client } from "./s3-client.ts";
import { type S3Config, s3Config } from "./s3-config.ts";
import type { S3Credentials } from "./sign.ts";

/** A cache in a bucket: blobs by digest, and for each name its config. The first name is read. Throws `export/s3-failed`. */
export class S3Cache implements ObjectStore {
  readonly #config: S3Config;
  readonly #client: S3Client;

  /** Throws `export/bad-attribute`. */
  constructor(attrs: Attributes, env: Environment) {
    this.#config = s3Config(attrs, env);
    let found: Promise<S3Credentials> | undefined;
    this.#client = new S3Client(this.#config, () => {
      found ??= s3Credentials(attrs, env, this.#config.region);
      return found;
    });
  }

  get id(): string {
    const { endpoint = "", region, bucket, blobs } = this.#config;
    return `s3:${sha256Fields(endpoint, region, bucket, blobs)}`;
  }

  get parallelism(): number {
    return this.#config.parallelism;
  }

  async configs(scope: Scope): Promise<readonly Uint8Array[]> {
    const key = `${this.#config.manifests}${this.#config.names[0] ?? ""}`;
    const bytes = await this.#client.get(key, scope);
    return bytes === undefined ? [] : [await collect(bytes, configLimit, key)];
  }

  async has(blob: Digest, scope: Scope): Promise<boolean> {
    return (await this.#client.head(this.#keyOf(blob), scope)) !== undefined;
  }

  open(blob: Digest, scope: Scope): Promise<Bytes | undefined> {
    return this.#client.get(this.#keyOf(blob), scope);
  }

  /** One that is older than `touch_refresh` is made young. */
  async keep(blob: Digest, scope: Scope): Promise<boolean> {
    const key = this.#keyOf(blob);
    const known = await this.#client.head(key, scope);
    if (known === undefined) return false;
    if (Date.now() - known.lastModified.getTime() > this.#config.touchRefresh) await this.#client.touch(key, scope);
    return true;
  }

  putBlob(blob: Digest, body: ObjectBody, scope: Scope): Promise<void> {
    return this.#client.put(this.#keyOf(blob), body, scope);
  }

  async putConfig(body: ObjectBody, scope: Scope): Promise<void> {
    for (const name of this.#config.names) await this.#client.put(`${this.#config.manifests}${name}`, body, scope);
  }

  #keyOf(blob: Digest): string {
    return `${this.#config.blobs}${blob}`;
  }
}
