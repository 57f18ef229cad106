import { startedAgain } from "../../kit/index.ts";
import { findRuntimes } from "../runtime/find.ts";
import { chooseIsolation } from "./choose.ts";
import type { Isolation } from "./contract.ts";
import { enter } from "./enter.ts";
import { trialsHere } from "./trials.ts";
import { openUserNamespace } from "./user-namespace.ts";

/**
 * Takes a rung for this process: the strongest that works for `auto`, else the one that is asked for. For `rootless` the process is started again
 * inside of a user namespace: then this does not return, and all that was done before happens once more; so it is to be called before anything
 * is read from standard input or written. A process that has all rights pays some 0.1 ms. Throws `executor/bad-isolation`, `executor/no-isolation`.
 */
export async function isolate(asked: string, env: NodeJS.ProcessEnv, runtime: string): Promise<Isolation> {
  const entered = startedAgain(env);
  if (entered !== undefined) return { rung: "rootless", why: entered.why };
  const trials = trialsHere(openUserNamespace, runtimeTrouble(runtime));
  const choice = await chooseIsolation(asked, trials);
  const namespace = trials.opened();
  if (namespace !== undefined) await enter(namespace, choice);
  return choice;
}

/** Why there is no runtime. One that was named is the user's wish, and an error of its own when it is not there. */
function runtimeTrouble(named: string): string | undefined {
  if (named !== "") return undefined;
  try {
    findRuntimes("");
    return undefined;
  } catch {
    return "neither runc nor crun is installed";
  }
}
