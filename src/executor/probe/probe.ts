import { readMachine } from "./machine.ts";
import { probeNamespaces } from "./namespaces.ts";
import { readProcessRights } from "./process-rights.ts";
import type { ProbedFacts } from "./rungs.ts";
import { readSubordinateIds } from "./subordinate-ids.ts";

/** Finds out what is possible here. Nothing stays of what it tries; some 20 ms. */
export function probe(): ProbedFacts {
  const rights = readProcessRights();
  return {
    rights,
    namespaces: probeNamespaces(),
    ids: readSubordinateIds(rights),
    machine: readMachine(),
  };
}
