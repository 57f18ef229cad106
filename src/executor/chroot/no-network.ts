import { CooperError } from "../../kit/index.ts";
import { Capability, hasCapability, processRights } from "../../sys/index.ts";
import type { Step } from "../contract.ts";
import { idMappings } from "../isolation/id-maps.ts";
import { troubleOf } from "../isolation/mount-trial.ts";
import { startHolder } from "../isolation/user-namespace.ts";
import { findProgram } from "../runtime/find.ts";
import type { Via } from "./launcher.ts";
import type { LaunchOrder } from "./order.ts";

/** How a step comes to its network: what its launcher is started by, and what that has to do itself. Disposal when nothing of it runs any more. */
export interface StepNetwork extends AsyncDisposable {
  readonly via: Via;
  readonly order: LaunchOrder["network"];
}

/** `mode`: what the network `sandbox` is here. Throws `executor/no-namespaces` where a step that is to have no network cannot be kept from it. */
export async function stepNetwork(
  { network, networkNamespace }: Pick<Step, "network" | "networkNamespace">,
  mode: string,
): Promise<StepNetwork> {
  if (networkNamespace !== undefined) return plain({ kind: "join", file: networkNamespace });
  if (network !== "none" && !(network === "sandbox" && mode === "none")) return plain(undefined);
  if (hasCapability(processRights(), Capability.sysAdmin)) {
    // In a process of its own: a filter may kill who tries.
    const trouble = await troubleOf("unshare", ["-n", findProgram("true") ?? "true"]);
    if (trouble === undefined) return plain({ kind: "leave" });
  }
  return await inUserNamespace();
}

function plain(order: LaunchOrder["network"]): StepNetwork {
  return { via: [], order, async [Symbol.asyncDispose]() {} };
}

/** Without CAP_SYS_ADMIN only who is in a user namespace can have a network of its own. It keeps all ids that this process has. */
async function inUserNamespace(): Promise<StepNetwork> {
  const holder = await startHolder(["-U", "-n"]);
  if (typeof holder === "string") throw noNamespace(holder);
  const [many] = idMappings(processRights());
  const trouble = await many?.map(holder.pid);
  if (trouble !== undefined) {
    await holder.close();
    throw noNamespace(trouble);
  }
  const namespaces = ["-U", "-n", "--preserve-credentials", "-t", String(holder.pid), "--"];
  return {
    via: [findProgram("nsenter") ?? "nsenter", ...namespaces],
    order: { kind: "loopback" },
    [Symbol.asyncDispose]: () => holder.close(),
  };
}

function noNamespace(trouble: string): CooperError {
  const sentence = `cannot run the step without network: no network namespace can be made here: ${trouble}`;
  return new CooperError("executor/no-namespaces", sentence, { hint: namespacesHint });
}

const namespacesHint =
  "in a pod: securityContext.seccompProfile.type: Unconfined, with which user namespaces can be made; or securityContext.privileged: true (docs/isolation.md)";
