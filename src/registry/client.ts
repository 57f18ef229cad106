import type { Bytes, Scope } from "../kit/index.ts";
import type { Descriptor } from "../oci/index.ts";
import type { ProxyEnvironment } from "./agents.ts";
import { blobSize } from "./blob-size.ts";
import type { BlobOptions, HostOptions, RegistryAccess, RegistryClient } from "./contract.ts";
import { Exchange } from "./exchange.ts";
import { pullBlob, retryWrongDigest } from "./pull-blob.ts";
import { pushBlob } from "./push-blob.ts";
import { pushManifest } from "./push-manifest.ts";
import { referrers } from "./referrers.ts";
import { fetchManifest, resolveManifest } from "./resolve.ts";
import { type Backoff, defaultBackoff } from "./retry.ts";
import { Workshop } from "./workshop.ts";

/** How the client of a process is set up. */
export interface RegistryClientOptions {
  /** `[registry."host"]` tables of buildkitd.toml, by host (`docker.io`, `registry.example:5000`, a mirror's host). */
  readonly hosts: Readonly<Record<string, HostOptions>>;
  readonly userAgent: string;
  /** Proxies (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`); usually `process.env`. None without. */
  readonly proxy?: ProxyEnvironment;
  /** Waits between attempts in milliseconds; for tests. */
  readonly backoff?: Backoff;
}

/** The one client of a process: connections, challenges and tokens are shared by all who use it; dispose of it at the end. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const proxied = Object.entries(options.proxy ?? {}).some(([key, value]) => /^https?_proxy$/i.test(key) && value);
  const exchange = new Exchange(options.userAgent, proxied ? options.proxy : undefined);
  const workshop = new Workshop(options.hosts, exchange, options.backoff ?? defaultBackoff);
  return {
    resolve: (name, access, scope, how = {}) => resolveManifest(workshop, name, how, access, scope),
    manifest: (name, descriptor, access, scope) => fetchManifest(workshop, name, descriptor, access, scope),
    blob: (name, descriptor, access, scope, how = {}) => pullBlob(workshop, name, descriptor, how, access, scope),
    blobSize: (name, digest, access, scope) => blobSize(workshop, name, digest, access, scope),
    referrers: (name, digest, access, scope) => referrers(workshop, name, digest, access, scope),
    pushBlob: (name, descriptor, how, access, scope) => pushBlob(workshop, name, descriptor, how, access, scope),
    pushManifest: (name, descriptor, bytes, how, access, scope) =>
      pushManifest(workshop, name, descriptor, bytes, how, access, scope),
    [Symbol.asyncDispose]: async () => exchange[Symbol.dispose](),
  };
}

/**
 * Gives a blob's bytes to `receive` from the beginning, and again (twice at most) when they turn out to have another digest.
 * With `verify: false` the receiver checks the digest; `isWrong` then says which of its errors means that.
 */
export async function receiveBlob<T>(
  client: RegistryClient,
  name: string,
  descriptor: Descriptor,
  receive: (bytes: Bytes) => Promise<T>,
  access: RegistryAccess,
  scope: Scope,
  options: BlobOptions & { readonly isWrong?: (error: unknown) => boolean } = {},
): Promise<T> {
  return await retryWrongDigest(() => receive(client.blob(name, descriptor, access, scope, options)), options.isWrong);
}
