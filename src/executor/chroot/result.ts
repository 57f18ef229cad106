import { CooperError } from "../../kit/index.ts";
import type { StepResult } from "../contract.ts";
import { noExecHint } from "../rootfs/no-exec-hint.ts";
import { killedHint, processesHint, wasKilled } from "../runtime/start-failure.ts";
import type { LaunchOutcome } from "./launcher.ts";

/** How a process ended. Throws `executor/start-failed` for a mistake of its own, `executor/no-permission` when something else kept it from starting. */
export function launchResult(outcome: LaunchOutcome, rootfs: string): StepResult {
  if (outcome.kind === "exited") return { exitCode: outcome.code };
  const { message, stepsFault } = outcome.failure;
  if (stepsFault) throw new CooperError("executor/start-failed", message, { hint: noExecHint(rootfs, message) });
  throw new CooperError("executor/no-permission", `cannot start the step with chroot: ${message}`, {
    hint: hintFor(message),
  });
}

function hintFor(message: string): string {
  if (message.startsWith("set a resource limit")) return limitHint;
  if (message.startsWith("mark the process") || /\bENOSYS\b/.test(message)) return filterHint;
  if (/\bEAGAIN\b/.test(message)) return processesHint;
  if (wasKilled(message)) return killedHint;
  return "isolation chroot needs root with a container's default capabilities (CHOWN, SETUID, SETGID, SYS_CHROOT, …): drop none of them in the pod's securityContext, or grant more (docs/isolation.md)";
}

const filterHint =
  "a seccomp filter of this container refuses a call that every container has: in a pod, securityContext.seccompProfile.type: RuntimeDefault, or a Localhost profile that allows it";

const limitHint =
  "raising a limit above this process's own hard limit needs CAP_SYS_RESOURCE; ask for a lower --ulimit or grant it";
