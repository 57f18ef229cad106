import { CooperError, type Digest, type Scope } from "../kit/index.ts";
import type { RegistryAccess } from "./contract.ts";
import type { Endpoint } from "./endpoint.ts";
import { firstEndpoint } from "./first-endpoint.ts";
import { statusError } from "./status-error.ts";
import { parseTarget } from "./target.ts";
import { repositoryScope } from "./token-scope.ts";
import type { Workshop } from "./workshop.ts";

/** Bytes of a blob of which only the digest is known, as the first endpoint that has it says (OCI distribution spec, "Checking if content exists"). */
export async function blobSize(
  workshop: Workshop,
  name: string,
  digest: Digest,
  access: RegistryAccess,
  scope: Scope,
): Promise<number> {
  const target = parseTarget(name);
  const { repository } = target;
  const ask = async (endpoint: Endpoint) => {
    const response = await workshop.exchange.ask(
      {
        method: "HEAD",
        endpoint,
        path: `${repository}/blobs/${digest}`,
        headers: { accept: "*/*" },
        scopes: [repositoryScope(repository, false)],
        credentials: access.credentials,
      },
      scope,
    );
    if (response.status !== 200 && response.status !== 404) throw await statusError(response);
    await response.discard();
    if (response.status === 404) {
      throw new CooperError(
        "registry/not-found",
        `could not fetch content descriptor ${digest} from remote: not found`,
      );
    }
    const length = response.header("content-length") ?? "";
    if (/^\d{1,15}$/.test(length)) return Number(length);
    throw new CooperError("registry/bad-answer", `cannot read blob ${digest} of ${target.name}: its size is not told`);
  };
  return firstEndpoint(workshop, target, access, scope, (endpoint, last) =>
    workshop.retried(last, scope, () => ask(endpoint)),
  );
}
