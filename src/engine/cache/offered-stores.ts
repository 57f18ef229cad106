import type { CallerBlobs, Session } from "../../session/index.ts";

/** A session that also offers blobs which the builder found itself, as if its caller had them. */
export interface OfferingSession extends Session {
  /** From now on under that name of an OCI layout. */
  offer(storeId: string, blobs: CallerBlobs): void;
}

/** `session` itself for everything else. */
export function offeringStores(session: Session): OfferingSession {
  const stores = new Map<string, CallerBlobs>();
  const own: Pick<OfferingSession, "offer" | "ociLayout"> = {
    offer: (storeId, blobs) => stores.set(storeId, blobs),
    ociLayout: async (storeId) => stores.get(storeId) ?? (await session.ociLayout(storeId)),
  };
  return new Proxy(session, {
    get: (target, name) => {
      if (name === "offer" || name === "ociLayout") return own[name];
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
    has: (target, name) => name === "offer" || name in target,
  }) as OfferingSession;
}

/** Undefined: it offers only what its caller has. */
export function asOffering(session: Session): OfferingSession | undefined {
  return "offer" in session ? (session as OfferingSession) : undefined;
}
