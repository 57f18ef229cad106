import type { Scope } from "../kit/index.ts";
import type { Descriptor } from "../oci/index.ts";
import type { RegistryAccess } from "./contract.ts";
import { pushEndpoint } from "./endpoint.ts";
import { bufferBody } from "./exchange.ts";
import { checkAnswerDigest } from "./push-answer.ts";
import { statusError } from "./status-error.ts";
import { parseTarget } from "./target.ts";
import { repositoryScope } from "./token-scope.ts";
import type { Workshop } from "./workshop.ts";

/**
 * Puts a manifest or index under the tag of `name` (`latest` without one), or under its digest. Nothing is sent when the
 * registry has that very manifest there already. May be called twice with the same bytes.
 */
export async function pushManifest(
  workshop: Workshop,
  name: string,
  descriptor: Descriptor,
  bytes: Uint8Array,
  options: { readonly byDigest: boolean },
  access: RegistryAccess,
  scope: Scope,
): Promise<void> {
  const target = parseTarget(name);
  const reference = options.byDigest ? descriptor.digest : (target.tag ?? "latest");
  const common = {
    endpoint: pushEndpoint(target.host, workshop.hosts, access.host),
    path: `${target.repository}/manifests/${reference}`,
    scopes: [repositoryScope(target.repository, true)],
    credentials: access.credentials,
  } as const;
  await workshop.retried(true, scope, async () => {
    const headers = { accept: `${descriptor.mediaType}, */*` };
    const there = await workshop.exchange.ask({ ...common, method: "HEAD", headers }, scope);
    if (there.status !== 200 && there.status !== 404) throw await statusError(there);
    await there.discard();
    if (there.status === 200 && there.header("docker-content-digest") === descriptor.digest) return;
    const type = { "content-type": descriptor.mediaType };
    const put = await workshop.exchange.ask(
      { ...common, method: "PUT", headers: type, body: bufferBody(bytes) },
      scope,
    );
    if (![200, 201, 202, 204].includes(put.status)) throw await statusError(put);
    checkAnswerDigest(put, descriptor.digest);
    await put.discard();
  });
}
