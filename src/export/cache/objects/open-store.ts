import { prefixed } from "../../../kit/index.ts";
import type { Attributes, Environment, ObjectStore } from "./contract.ts";

const openers = {
  s3: async (attrs: Attributes, env: Environment) => new (await import("../s3/s3-cache.ts")).S3Cache(attrs, env),
  gha: async (attrs: Attributes, env: Environment) => new (await import("../gha/gha-cache.ts")).GhaCache(attrs, env),
  azblob: async (attrs: Attributes, env: Environment) =>
    new (await import("../azure/azure-cache.ts")).AzureCache(attrs, env),
};

/**
 * The place of objects that a cache of this type is in; undefined: caches of this type are elsewhere. Only looks at the attributes.
 * Throws `export/bad-attribute`, in upstream's words.
 */
export async function openObjectStore(
  type: string,
  attrs: Attributes,
  env: Environment,
  use: "importer" | "exporter",
): Promise<ObjectStore | undefined> {
  if (!Object.hasOwn(openers, type)) return undefined;
  try {
    return await openers[type as keyof typeof openers](attrs, env);
  } catch (error) {
    throw prefixed(`failed to configure ${type} cache ${use}`, error, "export/bad-attribute");
  }
}
