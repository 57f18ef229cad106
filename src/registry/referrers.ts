import { type Digest, isCooperError, type Scope, splitDigest } from "../kit/index.ts";
import { type Descriptor, mediaTypes, parseIndex, parseManifest } from "../oci/index.ts";
import type { RegistryAccess } from "./contract.ts";
import type { Endpoint } from "./endpoint.ts";
import { firstEndpoint } from "./first-endpoint.ts";
import { manifestLimit, resolveManifest } from "./resolve.ts";
import { statusError } from "./status-error.ts";
import { parseTarget } from "./target.ts";
import { repositoryScope } from "./token-scope.ts";
import type { Workshop } from "./workshop.ts";

/**
 * What refers to a manifest as its subject (OCI distribution spec, "Listing Referrers"; of a registry that has no such list, what
 * the tag of the manifest's digest says). Pages after the first are not asked for.
 */
export async function referrers(
  workshop: Workshop,
  name: string,
  digest: Digest,
  access: RegistryAccess,
  scope: Scope,
): Promise<readonly Descriptor[]> {
  const target = parseTarget(name);
  const listed = await firstEndpoint(workshop, target, access, scope, (endpoint, last) =>
    workshop.retried(last, scope, () => list(workshop, target.repository, digest, endpoint, access, scope)),
  );
  return listed ?? (await tagged(workshop, name, digest, access, scope));
}

/** Undefined when the registry has no such list. */
async function list(
  workshop: Workshop,
  repository: string,
  digest: Digest,
  endpoint: Endpoint,
  access: RegistryAccess,
  scope: Scope,
): Promise<readonly Descriptor[] | undefined> {
  const response = await workshop.exchange.ask(
    {
      ...{ method: "GET", endpoint, path: `${repository}/referrers/${digest}` },
      headers: { accept: mediaTypes.ociIndex },
      scopes: [repositoryScope(repository, false)],
      credentials: access.credentials,
    },
    scope,
  );
  if (response.status === 200) return parseIndex(await response.all(manifestLimit), mediaTypes.ociIndex).manifests;
  if (![400, 404, 405, 501].includes(response.status)) throw await statusError(response);
  await response.discard();
  return undefined;
}

async function tagged(
  workshop: Workshop,
  name: string,
  digest: Digest,
  access: RegistryAccess,
  scope: Scope,
): Promise<readonly Descriptor[]> {
  const { algorithm, hex } = splitDigest(digest);
  const { host, repository } = parseTarget(name);
  const tag = `${host}/${repository}:${algorithm}-${hex}`;
  try {
    const { bytes, descriptor } = await resolveManifest(workshop, tag, {}, access, scope);
    const found = parseManifest(bytes, descriptor.mediaType);
    return found.kind === "index" ? found.manifests : [];
  } catch (error) {
    if (isCooperError(error, "registry/not-found")) return [];
    throw error;
  }
}
