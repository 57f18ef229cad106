import type { RegistryAccess } from "../../registry/index.ts";
import type { Session } from "../../session/index.ts";

/** Credentials from the first of the callers that has any for the host. */
export function accessOf(callers: readonly Session[]): RegistryAccess {
  return {
    credentials: async (host, scope) => {
      for (const caller of callers) {
        const credentials = await caller.registryCredentials(host, scope);
        if (credentials.kind !== "none") return credentials;
      }
      return { kind: "none" };
    },
  };
}
