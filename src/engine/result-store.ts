import { type Digest, sha256Fields, splitDigest } from "../kit/index.ts";
import type { Ref } from "../ops/index.ts";
import type { ResultStore } from "../solver/index.ts";
import type { Storage } from "../storage/index.ts";
import type { EngineScope } from "./engine-scope.ts";
import { decodeRefs, encodeRefs } from "./ref-codec.ts";

const links = "solver-links";
/** Processes of different rights on one root do not take away each other's results. */
const resultsOf = ({ snapshots }: Storage): string =>
  snapshots.kind === "overlay" ? "solver-results" : `solver-results-${snapshots.kind}`;

/** What the store is asked for: caches that were imported count, too. */
type Asking = Pick<EngineScope, "imported">;

/** The solver's memory in storage's records, and in caches that were imported. */
export interface EngineResults extends Omit<ResultStore<Ref, EngineScope>, "load" | "finalKey"> {
  finalKey(quickKey: Digest, scope: Asking): Promise<Digest | undefined>;
  load(finalKey: Digest, scope: Asking): Promise<readonly (Ref | undefined)[] | undefined>;
}

export function resultStore(storage: Storage): EngineResults {
  const { records, snapshots } = storage;
  return {
    finalKey: async (quickKey, { imported }) => {
      const known = records.get(links, quickKey) as Digest | undefined;
      if (known !== undefined || imported === undefined) return known;
      if (!(await imported.knows())) return undefined;
      // A cache from elsewhere knows it: no content needs to be looked at, and this key is as good as any other.
      const key = sha256Fields("imported", quickKey);
      records.set(links, quickKey, key);
      return key;
    },
    link: async (quickKey, finalKey) => records.set(links, quickKey, finalKey),
    load: async (finalKey, { imported }) => {
      const results = resultsOf(storage);
      const text = records.get(results, finalKey);
      const refs = text === undefined ? undefined : decodeRefs(text, snapshots);
      if (text !== undefined && refs === undefined) records.delete(results, finalKey);
      return refs ?? (await imported?.load());
    },
    save: async (finalKey, refs) => {
      const text = encodeRefs(refs);
      if (text !== undefined) records.set(resultsOf(storage), finalKey, text);
    },
    exclusive: (finalKey, scope, work) => storage.exclusive(`solve-${splitDigest(finalKey).hex}`, scope, work),
  };
}
