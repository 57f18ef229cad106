import { type Digest, isCooperError, type Scope, splitDigest } from "../kit/index.ts";
import { type Descriptor, mediaTypes, parseIndex, parseManifest } from "../oci/index.ts";
import type { RegistryAccess } from "./contract.ts";
import type { Endpoint } from "./endpoint.ts";
import { firstEndpoint } from "./first-endpoint.ts";
import type { HttpResponse } from "./http.ts";
import { manifestLimit, resolveManifest } from "./resolve.ts";
import { statusError } from "./status-error.ts";
import { parseTarget } from "./target.ts";
import { repositoryScope } from "./token-scope.ts";
import type { Workshop } from "./workshop.ts";

/**
 * What refers to a manifest as its subject (OCI distribution spec, "Listing Referrers"; of a registry that has no such list, what
 * the tag of the manifest's digest says).
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

/** A list may have so many pages; those behind are left. */
const mostPages = 64;

/** Undefined when the registry has no such list. */
async function list(
  workshop: Workshop,
  repository: string,
  digest: Digest,
  endpoint: Endpoint,
  access: RegistryAccess,
  scope: Scope,
): Promise<readonly Descriptor[] | undefined> {
  const found: Descriptor[] = [];
  let path: string | URL = `${repository}/referrers/${digest}`;
  for (let page = 1; page <= mostPages; page++) {
    const response = await workshop.exchange.ask(
      {
        ...{ method: "GET", endpoint, path },
        headers: { accept: mediaTypes.ociIndex },
        scopes: [repositoryScope(repository, false)],
        credentials: access.credentials,
      },
      scope,
    );
    if (page === 1 && [400, 404, 405, 501].includes(response.status)) {
      await response.discard();
      return undefined;
    }
    if (response.status !== 200) throw await statusError(response);
    found.push(...parseIndex(await response.all(manifestLimit), mediaTypes.ociIndex).manifests);
    const next = nextPage(response);
    if (next === undefined) break;
    path = next;
  }
  return found;
}

/** What the list goes on with (RFC 8288); an address on another host is none. */
function nextPage(response: HttpResponse): URL | undefined {
  const { url } = response;
  const links = (response.header("link") ?? "").match(/<[^>]*>[^,]*/g) ?? [];
  const next = links
    .find((link) => /;\s*rel="?next"?\s*(?:;|$)/i.test(link))
    ?.slice(1)
    .split(">")[0];
  if (next === undefined || !URL.canParse(next, url)) return undefined;
  const target = new URL(next, url);
  return target.host === url.host && target.protocol === url.protocol ? target : undefined;
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
