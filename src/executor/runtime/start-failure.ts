import { CooperError } from "../../kit/index.ts";
import type { Runtime } from "./find.ts";

/** Whose fault it is that a container did not start: the step's (any runtime would fail), or this machine's or runtime's. */
export function startFailureIsTheSteps(message: string): boolean {
  return /\bexec: "|executable file .* not found|exec container process|chdir to cwd|no such user/.test(message);
}

/**
 * The typed error for a container that did not start; the runtime's own words stay in the message. Without a hint it is the
 * step's own fault. `capabilities` are this process's own: without CAP_SYS_ADMIN a runtime cannot always say what it lacked.
 */
export function startFailure(runtime: Runtime, message: string, capabilities: readonly string[]): CooperError {
  if (startFailureIsTheSteps(message)) return new CooperError("executor/start-failed", message);
  // A program of Go's ends with 2 when it cannot start a thread.
  if (/resource temporarily unavailable|ended with exit code 2$/i.test(message)) {
    return new CooperError("executor/no-permission", `${runtime.name} cannot start a container: ${message}`, {
      hint: processesHint,
    });
  }
  if (wasKilled(message)) {
    const sentence = `${runtime.name} cannot start a container: it was killed`;
    return new CooperError("executor/no-permission", sentence, { hint: killedHint });
  }
  const refused = /operation not permitted|permission denied/i.test(message);
  if (!refused && capabilities.includes("CAP_SYS_ADMIN")) {
    return new CooperError("executor/start-failed", message, {
      hint: `${runtime.path} cannot start this container on this machine (${message}); another OCI runtime may: install runc or crun, or do not name one`,
    });
  }
  return new CooperError("executor/no-permission", `${runtime.name} cannot start a container: ${message}`, {
    hint: permissionHint(message),
  });
}

/** fork(2) says EAGAIN. */
export const processesHint =
  "this container or user may have no more processes: raise the limit (in a pod: the node's podPidsLimit; elsewhere ulimit -u, or --pids-limit of the container)";

/** Before the step's process had begun. Says nothing of the runtime: another one would have been killed, too. */
export function wasKilled(message: string): boolean {
  return message.endsWith("ended with exit code 137");
}

export const killedHint =
  "somebody sent SIGKILL: the kernel, for want of memory in this container (raise its limit), or a person; run the build again, what was done is kept";

function permissionHint(message: string): string {
  if (/rlimit/i.test(message)) {
    return "raising a limit above this process's own hard limit needs CAP_SYS_RESOURCE; ask for a lower --ulimit or grant it";
  }
  return "steps need CAP_SYS_ADMIN for their namespaces and mounts: run as root, or in a privileged pod (securityContext.privileged: true)";
}

/** The last error line of a runtime's JSON log (runc and crun write the same shape). */
export function lastLoggedError(log: string): string | undefined {
  for (const line of log.trim().split("\n").reverse()) {
    try {
      const entry: unknown = JSON.parse(line);
      if (typeof entry !== "object" || entry === null || !("level" in entry) || !("msg" in entry)) continue;
      if (entry.level === "error" || entry.level === "fatal") return String(entry.msg);
    } catch {
      // Not a line of the log's shape.
    }
  }
  return undefined;
}
