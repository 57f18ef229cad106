import type { ContainerSecurity } from "../contract.ts";
import type { PodFields } from "./fields.ts";

/** A container's security context; what it does not say is the pod's. */
export function readSecurity(container: PodFields, pod: PodFields): ContainerSecurity {
  const number = (name: string) => container.whole(name) ?? pod.whole(name);
  const runAsUser = number("runAsUser");
  const runAsGroup = number("runAsGroup");
  const privileged = container.boolean("privileged") ?? false;
  const allowPrivilegeEscalation = container.boolean("allowPrivilegeEscalation") ?? true;
  const capabilities = container.map("capabilities");
  const added = capabilityNames(capabilities, "add");
  if (!allowPrivilegeEscalation && (privileged || added.includes("CAP_SYS_ADMIN"))) {
    const message = "cannot be false for a container that is privileged or has CAP_SYS_ADMIN";
    container.error(["allowPrivilegeEscalation"], message, "remove one of the two");
  }
  const seccomp = readSeccomp(container.has("seccompProfile") ? container : pod);
  return {
    privileged,
    runAsNonRoot: container.boolean("runAsNonRoot") ?? pod.boolean("runAsNonRoot") ?? false,
    readOnlyRootFilesystem: container.boolean("readOnlyRootFilesystem") ?? false,
    allowPrivilegeEscalation,
    addCapabilities: added,
    dropCapabilities: capabilityNames(capabilities, "drop"),
    unmaskedProc: container.text("procMount") === "Unmasked",
    ...(runAsUser !== undefined && { runAsUser }),
    ...(runAsGroup !== undefined && { runAsGroup }),
    ...(seccomp !== undefined && { seccomp }),
  };
}

function capabilityNames(fields: PodFields, name: string): readonly string[] {
  return (fields.texts(name) ?? []).map((word) => {
    const upper = word.toUpperCase();
    return upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
  });
}

function readSeccomp(fields: PodFields): ContainerSecurity["seccomp"] {
  const profile = fields.map("seccompProfile");
  const type = profile.text("type");
  switch (type) {
    case undefined:
      return undefined;
    case "RuntimeDefault":
    case "Unconfined":
      return { type, profile: "" };
    case "Localhost":
      return { type, profile: profile.text("localhostProfile") ?? "" };
    default:
      profile.error(
        ["type"],
        `there is no seccomp profile ${JSON.stringify(type)}`,
        "use RuntimeDefault, Unconfined or Localhost",
      );
      return undefined;
  }
}
