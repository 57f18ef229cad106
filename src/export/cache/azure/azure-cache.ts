import { posix } from "node:path";
import {
  type Bytes,
  CooperError,
  collect,
  type Digest,
  prefixed,
  type Scope,
  sha256Fields,
} from "../../../kit/index.ts";
import {
  type Attributes,
  configLimit,
  type Environment,
  type ObjectBody,
  type ObjectStore,
} from "../objects/contract.ts";
import { BlockBlobs, withQuery } from "./block-blobs.ts";
import { type AzureConfig, azureConfig } from "./config.ts";
import { ownIdentity } from "./identity.ts";
import { sharedKey } from "./shared-key.ts";

/**
 * A cache in a container of Azure's Blob service: blobs by digest, and a config under each name. A container that is not there is made
 * when a cache is written. Throws `export/azure-failed`, `export/no-credentials`.
 */
export class AzureCache implements ObjectStore {
  readonly parallelism = 4;
  readonly #config: AzureConfig;
  readonly #blobs: BlockBlobs;
  #container: Promise<void> | undefined;

  /** Throws `export/bad-attribute`. */
  constructor(attrs: Attributes, env: Environment) {
    this.#config = azureConfig(attrs, env);
    const { secret, accountName } = this.#config;
    this.#blobs = new BlockBlobs(secret === "" ? ownIdentity(env) : sharedKey(accountName, secret));
  }

  get id(): string {
    const { accountUrl, container, blobs } = this.#config;
    return `azblob:${sha256Fields(accountUrl.href, container, blobs)}`;
  }

  async configs(scope: Scope): Promise<readonly Uint8Array[]> {
    const found = await Promise.all(
      this.#config.names.map((name) =>
        this.#get(posix.join(this.#config.manifests, name), scope)
          .then((bytes) => bytes && collect(bytes, configLimit, name))
          .catch((error: unknown) => {
            throw prefixed(`failed to load cache manifest ${name}`, error, "export/azure-failed");
          }),
      ),
    );
    return found.filter((config) => config !== undefined);
  }

  async has(blob: Digest, scope: Scope): Promise<boolean> {
    const key = this.#keyOf(blob);
    try {
      const response = await this.#blobs.call({ method: "HEAD", url: this.#urlOf(key) }, scope);
      response.resume();
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw prefixed(`failed to check blob ${key} existence`, error, "export/azure-failed");
    }
  }

  open(blob: Digest, scope: Scope): Promise<Bytes | undefined> {
    return this.#get(this.#keyOf(blob), scope);
  }

  async keep(blob: Digest, scope: Scope): Promise<boolean> {
    await this.#ready(scope);
    return this.has(blob, scope);
  }

  async putBlob(blob: Digest, body: ObjectBody, scope: Scope): Promise<void> {
    const key = this.#keyOf(blob);
    try {
      await this.#blobs.put(this.#urlOf(key), body, { "if-none-match": "*" }, scope);
    } catch (error) {
      if (codeOf(error) !== "BlobAlreadyExists") throw uploadFailed(key, error);
    }
  }

  async putConfig(body: ObjectBody, scope: Scope): Promise<void> {
    await this.#ready(scope);
    for (const name of this.#config.names) {
      const key = posix.join(this.#config.manifests, name);
      await this.#blobs.put(this.#urlOf(key), body, {}, scope).catch((error: unknown) => {
        throw prefixed(`error writing manifest ${name}`, uploadFailed(key, error), "export/azure-failed");
      });
    }
  }

  async #get(key: string, scope: Scope): Promise<Bytes | undefined> {
    try {
      return await this.#blobs.get(this.#urlOf(key), scope);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** The container is there. */
  #ready(scope: Scope): Promise<void> {
    this.#container ??= this.#makeContainer(scope);
    return this.#container;
  }

  async #makeContainer(scope: Scope): Promise<void> {
    const { container } = this.#config;
    const url = withQuery(this.#urlOf(), { restype: "container" });
    try {
      (await this.#blobs.call({ method: "GET", url }, scope)).resume();
      return;
    } catch (error) {
      if (codeOf(error) !== "ContainerNotFound") {
        throw prefixed(`failed to get properties of cache container ${container}`, error, "export/azure-failed");
      }
    }
    await this.#blobs.call({ method: "PUT", url }, scope).then(
      (response) => response.resume(),
      (error: unknown) => {
        if (codeOf(error) === "ContainerAlreadyExists") return;
        throw prefixed(`failed to create cache container ${container}`, error, "export/azure-failed");
      },
    );
  }

  #keyOf(blob: Digest): string {
    return posix.join(this.#config.blobs, blob);
  }

  #urlOf(key?: string): URL {
    const { accountUrl, container } = this.#config;
    const url = new URL(accountUrl);
    const parts = [container, ...(key === undefined ? [] : key.split("/"))].map(encodeURIComponent);
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/${parts.join("/")}`;
    return url;
  }
}

function uploadFailed(key: string, error: unknown): CooperError {
  return prefixed(`failed to upload blob ${key}`, error, "export/azure-failed");
}

function isMissing(error: unknown): boolean {
  return detailsOf(error).status === 404;
}

function codeOf(error: unknown): string | undefined {
  return detailsOf(error).azureCode;
}

function detailsOf(error: unknown): { readonly status?: number; readonly azureCode?: string } {
  return error instanceof CooperError ? ((error.details ?? {}) as { status?: number; azureCode?: string }) : {};
}
