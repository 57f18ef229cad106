import { probeRungs, type Rung } from "../executor/index.ts";
import type { Scope } from "../kit/index.ts";
import { networkChecks } from "./checks/network.ts";
import { processChecks } from "./checks/process.ts";
import { registryChecks } from "./checks/registry.ts";
import { storageChecks } from "./checks/storage.ts";
import { surroundingsChecks } from "./checks/surroundings.ts";
import type { DoctorOptions, Report } from "./contract.ts";

/**
 * Finds out how builds would run here. Nothing is changed: what is tried is undone. Takes a fraction of a second, and up to some seconds
 * for names and registries that do not answer.
 */
export async function diagnose(options: DoctorOptions, scope: Scope): Promise<Report> {
  const { facts, rungs } = await probeRungs();
  const chosen = rungs.find(({ works }) => works) as Rung;
  const next = rungs[rungs.indexOf(chosen) - 1];
  const checks = [
    ...processChecks(facts),
    ...storageChecks(options.root, chosen.name),
    ...surroundingsChecks(options),
    ...(await networkChecks(options.registry, scope)),
    ...(await registryChecks(options, scope)),
  ];
  return {
    schema: 1,
    canBuild: checks.every(({ id, verdict }) => id !== "root" || verdict !== "problem"),
    isolation: chosen.name,
    rungs,
    ...(next !== undefined && { next }),
    checks,
  };
}
