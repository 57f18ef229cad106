import { type Digest, raceSignal } from "../../kit/index.ts";
import type { ResultStore } from "../contract.ts";

/** A result store that lives as long as this object; `results` is open to look into. */
export function memoryStore<R>(): ResultStore<R> & { readonly results: Map<Digest, readonly R[]> } {
  const links = new Map<Digest, Digest>();
  const results = new Map<Digest, readonly R[]>();
  const locks = new Map<Digest, Promise<unknown>>();
  return {
    results,
    finalKey: async (quickKey) => links.get(quickKey),
    link: async (quickKey, finalKey) => {
      links.set(quickKey, finalKey);
    },
    load: async (finalKey) => results.get(finalKey),
    save: async (finalKey, made) => {
      results.set(finalKey, made);
    },
    exclusive: async (finalKey, scope, work) => {
      for (let held = locks.get(finalKey); held !== undefined; held = locks.get(finalKey)) {
        await raceSignal(held, scope.signal);
      }
      const running = work();
      const free = running
        .then(
          () => {},
          () => {},
        )
        .finally(() => locks.delete(finalKey));
      locks.set(finalKey, free);
      return running;
    },
  };
}
