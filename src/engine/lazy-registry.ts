import { lazy } from "../kit/index.ts";
import type { RegistryClient, RegistryClientOptions } from "../registry/index.ts";

/** A registry client that loads when it is first asked for something: a build without network never pays for it. */
export function lazyRegistry(options: RegistryClientOptions): RegistryClient {
  let used = false;
  const client = lazy(async () => {
    used = true;
    return (await import("../registry/index.ts")).createRegistryClient(options);
  });
  return {
    resolve: async (...args) => (await client()).resolve(...args),
    manifest: async (...args) => (await client()).manifest(...args),
    blob: async function* (...args) {
      yield* (await client()).blob(...args);
    },
    blobSize: async (...args) => (await client()).blobSize(...args),
    referrers: async (...args) => (await client()).referrers(...args),
    pushBlob: async (...args) => (await client()).pushBlob(...args),
    pushManifest: async (...args) => (await client()).pushManifest(...args),
    async [Symbol.asyncDispose]() {
      if (used) await (await client())[Symbol.asyncDispose]();
    },
  };
}
