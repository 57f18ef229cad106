import { readFileSync } from "node:fs";
import { capabilityNames, defaultCapabilities, type Step } from "../../executor/index.ts";
import { CooperError } from "../../kit/index.ts";
import type { ContainerSecurity, ImageDefaults, Pod } from "../contract.ts";

type Rights = Pick<Step, "user" | "security" | "rights" | "readonlyRootfs">;

/** What a container may do, as the executor states it. Throws `pod/runs-as-root`, `pod/seccomp`. */
export function rightsOf(
  security: ContainerSecurity,
  image: ImageDefaults,
  pod: Pod,
  localhostProfile: ProfileSource,
): Rights {
  const user = userOf(security, image);
  if (security.runAsNonRoot && /^(0|root|)(:|$)/.test(user)) {
    throw new CooperError("pod/runs-as-root", "cannot start the container: runAsNonRoot is set, and its user is root", {
      hint: "set runAsUser to a user other than 0",
    });
  }
  const groups = [...pod.supplementalGroups, ...(pod.fsGroup === undefined ? [] : [pod.fsGroup])];
  return {
    user,
    readonlyRootfs: security.readOnlyRootFilesystem,
    security: security.privileged ? "insecure" : "sandbox",
    rights: {
      capabilities: capabilitiesOf(security),
      noNewPrivileges: !security.allowPrivilegeEscalation,
      unmasked: security.unmaskedProc,
      seccomp: seccompOf(security, localhostProfile),
      additionalGids: groups,
    },
  };
}

/** Gives a seccomp profile of the machine by its name; undefined when there is none. */
export type ProfileSource = (name: string) => Readonly<Record<string, unknown>> | undefined;

function userOf({ runAsUser, runAsGroup }: ContainerSecurity, { user }: ImageDefaults): string {
  const [imageUser = "", imageGroup] = user.split(":");
  const name = runAsUser === undefined ? imageUser : String(runAsUser);
  const group = runAsGroup === undefined ? (runAsUser === undefined ? imageGroup : undefined) : String(runAsGroup);
  return group === undefined ? name : `${name === "" ? "0" : name}:${group}`;
}

function capabilitiesOf({ privileged, addCapabilities, dropCapabilities }: ContainerSecurity): readonly string[] {
  if (privileged) return ownCapabilities();
  const start = dropCapabilities.includes("CAP_ALL")
    ? []
    : defaultCapabilities.filter((one) => !dropCapabilities.includes(one));
  const added = addCapabilities.includes("CAP_ALL") ? ownCapabilities() : addCapabilities;
  return [...new Set([...start, ...added])];
}

/** A container can have no more than this process has. */
function ownCapabilities(): readonly string[] {
  const status = readFileSync("/proc/self/status", "latin1");
  return capabilityNames(/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0");
}

function seccompOf(
  { privileged, seccomp }: ContainerSecurity,
  localhostProfile: ProfileSource,
): "default" | "unconfined" | Readonly<Record<string, unknown>> {
  // Privileged containers have none, whatever they state.
  if (privileged || seccomp === undefined || seccomp.type === "Unconfined") return "unconfined";
  if (seccomp.type === "RuntimeDefault") return "default";
  const profile = localhostProfile(seccomp.profile);
  if (profile !== undefined) return profile;
  throw new CooperError(
    "pod/seccomp",
    `cannot find seccomp profile ${JSON.stringify(seccomp.profile)} on this machine`,
    {
      hint: "put it below /var/lib/kubelet/seccomp, or name another folder with --seccomp-profiles",
    },
  );
}
