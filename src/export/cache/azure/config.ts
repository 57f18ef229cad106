import { posix } from "node:path";
import { CooperError } from "../../../kit/index.ts";
import type { Attributes, Environment } from "../objects/contract.ts";

/** A container and where a cache is in it: upstream's attributes of `type=azblob`. */
export interface AzureConfig {
  readonly accountUrl: URL;
  readonly accountName: string;
  /** Empty: the builder's own identity counts. */
  readonly secret: string;
  readonly container: string;
  readonly manifests: string;
  readonly blobs: string;
  /** The manifest is written under each, and all are read. */
  readonly names: readonly string[];
}

/** Reads the attributes. Throws `export/bad-attribute`, in upstream's words. */
export function azureConfig(attrs: Attributes, env: Environment): AzureConfig {
  const accountUrl = urlOf(attrs.account_url ?? env.BUILDKIT_AZURE_STORAGE_ACCOUNT_URL);
  const prefix = attrs.prefix ?? env.BUILDKIT_AZURE_STORAGE_PREFIX ?? "";
  return {
    accountUrl,
    accountName: accountOf(attrs.account_name ?? env.BUILDKIT_AZURE_STORAGE_ACCOUNT_NAME, accountUrl),
    secret: attrs.secret_access_key ?? "",
    container: attrs.container ?? env.BUILDKIT_AZURE_STORAGE_CONTAINER ?? "buildkit-cache",
    manifests: posix.join(prefix, attrs.manifests_prefix ?? "manifests"),
    blobs: posix.join(prefix, attrs.blobs_prefix ?? "blobs"),
    names: (attrs.name ?? "buildkit").split(";"),
  };
}

function urlOf(text: string | undefined): URL {
  if (text === undefined) {
    throw bad(`either \${BUILDKIT_AZURE_STORAGE_ACCOUNT_URL} or account_url attribute is required for azblob cache`);
  }
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return new URL(text);
  throw bad("azure storage account url provided is not a valid url");
}

function accountOf(stated: string | undefined, { hostname }: URL): string {
  const name = stated ?? hostname.split(".")[0] ?? "";
  if (name !== "") return name;
  throw bad(
    `unable to retrieve account name from account url or \${BUILDKIT_AZURE_STORAGE_ACCOUNT_NAME} or account_name attribute for azblob cache`,
  );
}

function bad(sentence: string): CooperError {
  return new CooperError("export/bad-attribute", `failed to create azblob config: ${sentence}`);
}
