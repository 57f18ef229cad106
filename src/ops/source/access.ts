import type { RegistryAccess } from "../../registry/index.ts";
import type { Session } from "../../session/index.ts";

const sources = new WeakMap<Session, RegistryAccess["credentials"]>();

/** Credentials, or tokens, from the first of the callers that has any for the host. */
export function accessOf(callers: readonly Session[]): RegistryAccess {
  // One caller is the rule, and one and the same source for it: what it answered is remembered by that.
  const [only, second] = callers;
  if (only === undefined || second !== undefined) return { credentials: sourceOf(callers) };
  const known = sources.get(only) ?? sourceOf(callers);
  sources.set(only, known);
  return { credentials: known };
}

function sourceOf(callers: readonly Session[]): RegistryAccess["credentials"] {
  const credentials: RegistryAccess["credentials"] = async (host, scope) => {
    for (const caller of callers) {
      const found = await caller.registryCredentials(host, scope);
      if (found.kind !== "none") return found;
    }
    return { kind: "none" };
  };
  if (callers.every((caller) => caller.registryToken === undefined)) return credentials;
  return Object.assign(credentials, {
    tokens: async (host, wish, scope) => {
      for (const caller of callers) {
        const found = await caller.registryToken?.(host, wish, scope);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  } satisfies Pick<RegistryAccess["credentials"], "tokens">);
}
