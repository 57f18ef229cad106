import { type Digest, splitDigest } from "../kit/index.ts";
import type { Ref } from "../ops/index.ts";
import type { ResultStore } from "../solver/index.ts";
import type { Storage } from "../storage/index.ts";
import { decodeRefs, encodeRefs } from "./ref-codec.ts";

const links = "solver-links";
/** Processes of different rights on one root do not take away each other's results. */
const resultsOf = ({ snapshots }: Storage): string =>
  snapshots.kind === "overlay" ? "solver-results" : `solver-results-${snapshots.kind}`;

/** The solver's memory in storage's records. */
export function resultStore(storage: Storage): ResultStore<Ref> {
  const { records, snapshots } = storage;
  return {
    finalKey: async (quickKey) => records.get(links, quickKey) as Digest | undefined,
    link: async (quickKey, finalKey) => records.set(links, quickKey, finalKey),
    load: async (finalKey) => {
      const results = resultsOf(storage);
      const text = records.get(results, finalKey);
      const refs = text === undefined ? undefined : decodeRefs(text, snapshots);
      if (text !== undefined && refs === undefined) records.delete(results, finalKey);
      return refs;
    },
    save: async (finalKey, refs) => {
      const text = encodeRefs(refs);
      if (text !== undefined) records.set(resultsOf(storage), finalKey, text);
    },
    exclusive: (finalKey, scope, work) => storage.exclusive(`solve-${splitDigest(finalKey).hex}`, scope, work),
  };
}
