import { isCooperError, type Scope } from "../kit/index.ts";
import type { RegistryAccess } from "./contract.ts";
import { type Endpoint, pullEndpoints } from "./endpoint.ts";
import type { Target } from "./target.ts";
import type { Workshop } from "./workshop.ts";

/**
 * Tries the endpoints that `suits` in order; only the last one is retried, since another one may answer at once. When all fail, the error
 * that came furthest is thrown: an odd status before "not found" before "no connection".
 */
export async function firstEndpoint<T>(
  workshop: Workshop,
  target: Target,
  access: RegistryAccess,
  scope: Scope,
  work: (endpoint: Endpoint, last: boolean) => Promise<T>,
  suits: (endpoint: Endpoint) => boolean = () => true,
): Promise<T> {
  const all = pullEndpoints(target.host, workshop.hosts, access.host);
  // The registry itself is always asked, whatever it did before.
  const endpoints = all.filter((endpoint, index) => index === all.length - 1 || suits(endpoint));
  let worst: { error: unknown; rank: number } | undefined;
  for (const [index, endpoint] of endpoints.entries()) {
    try {
      return await work(endpoint, index === endpoints.length - 1);
    } catch (error) {
      if (scope.signal.aborted) throw error;
      const rank = rankOf(error);
      scope.log(`registry: ${endpoint.host} cannot serve ${target.name}: ${(error as Error).message}`);
      if (worst === undefined || rank > worst.rank) worst = { error, rank };
    }
  }
  throw worst?.error;
}

function rankOf(error: unknown): number {
  if (isCooperError(error, "registry/unreachable")) return 1;
  return isCooperError(error, "registry/not-found") ? 2 : 3;
}
