import { closeSync, openSync } from "node:fs";
import { CooperError, type StartedAgain, startedAgainVariable } from "../../kit/index.ts";
import { execute, inheritFile } from "../../sys/index.ts";
import { findProgram } from "../runtime/find.ts";
import type { Isolation } from "./contract.ts";
import type { UserNamespace } from "./user-namespace.ts";

/**
 * Starts this command again inside of the namespace: this process becomes it, with the same id, arguments, environment, folder and open
 * standard files. Returns only by throwing `executor/no-isolation`.
 */
export async function enter(namespace: UserNamespace, { why }: Isolation): Promise<never> {
  const { pid, ids, idTrouble } = namespace;
  const files = ["user", "mnt"].map((kind) => openSync(`/proc/${pid}/ns/${kind}`, "r"));
  await namespace.close();
  const [user = -1, mount = -1] = files;
  for (const file of files) inheritFile(file);
  const one = idTrouble === undefined ? [] : [`one user id only: ${idTrouble}`];
  const told: StartedAgain = { uid: process.geteuid?.() ?? 0, ids, why: [...why, ...one] };
  const env = { ...process.env, [startedAgainVariable]: JSON.stringify(told) };
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const shell = [findProgram("sh") ?? "sh", "-c", 'cd "$0" && exec "$@"', process.cwd(), ...self];
  const namespaces = [`--user=/proc/self/fd/${user}`, `--mount=/proc/self/fd/${mount}`];
  try {
    const program = findProgram("nsenter") ?? "nsenter";
    execute(
      program,
      ["nsenter", ...namespaces, "--preserve-credentials", "--", ...shell],
      Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])),
    );
  } catch (cause) {
    for (const file of files) closeSync(file);
    throw new CooperError("executor/no-isolation", 'cannot use isolation "rootless": cannot run nsenter', { cause });
  }
}
