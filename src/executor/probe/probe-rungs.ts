import { trialsHere } from "../isolation/trials.ts";
import { openUserNamespace } from "../isolation/user-namespace.ts";
import { probe } from "./probe.ts";
import { judgeRungs, type ProbedFacts, type Rung } from "./rungs.ts";

/**
 * What was found out, and which rungs work: as a build would choose them (the same trials), with what is missing in words. Some 100 ms.
 * Nothing stays of what it tries.
 */
export async function probeRungs(): Promise<{ readonly facts: ProbedFacts; readonly rungs: readonly Rung[] }> {
  const facts = probe();
  const trials = trialsHere(openUserNamespace);
  const troubles = new Map<string, string | undefined>();
  try {
    for (const name of ["oci", "rootless", "chroot"] as const) troubles.set(name, await trials[name]());
  } finally {
    await trials.opened()?.close();
  }
  return { facts, rungs: judgeRungs(facts).map((rung) => corrected(rung, troubles)) };
}

/** What was tried is right; what was judged says why. */
function corrected(rung: Rung, troubles: ReadonlyMap<string, string | undefined>): Rung {
  if (!troubles.has(rung.name)) return rung;
  const trouble = troubles.get(rung.name);
  const runtime = rung.lacks.find(({ what }) => what.startsWith("runc"));
  if (trouble === undefined) return runtime === undefined ? { ...rung, works: true, lacks: [] } : rung;
  return { ...rung, works: false, notes: [], lacks: rung.lacks.length > 0 ? rung.lacks : [{ what: trouble }] };
}
