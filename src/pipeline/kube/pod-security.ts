import { isObject, type Json, type JsonObject } from "./json.ts";
import type { Path } from "./normalise.ts";

/** The levels of Pod Security that refuse anything (https://kubernetes.io/docs/concepts/security/pod-security-standards/). */
export type PodSecurityLevel = "baseline" | "restricted";

export interface PodSecurityViolation {
  /** The level that forbids it. */
  readonly level: PodSecurityLevel;
  /** In the words of the API server's warning: `privileged`, `hostPath volumes`, … */
  readonly check: string;
  /** `container "main" must not set securityContext.privileged=true` */
  readonly text: string;
  /** Where in the pod's specification. */
  readonly path: Path;
}

/** Everything in a pod's specification that Pod Security refuses at a level; the rules of Kubernetes 1.36. */
export function podSecurityViolations(pod: JsonObject, level: PodSecurityLevel): PodSecurityViolation[] {
  const found = [...podRules(pod), ...containersOf(pod).flatMap((at) => containerRules(pod, at))];
  return found.filter((violation) => level === "restricted" || violation.level === "baseline");
}

interface ContainerAt {
  readonly name: string;
  readonly container: JsonObject;
  readonly security: JsonObject;
  readonly path: Path;
}

function containersOf(pod: JsonObject): ContainerAt[] {
  return ["initContainers", "containers"].flatMap((list) =>
    objects(pod[list]).map((container, at) => ({
      name: String(container.name ?? ""),
      container,
      security: object(container.securityContext),
      path: [list, at],
    })),
  );
}

function podRules(pod: JsonObject): PodSecurityViolation[] {
  const security = object(pod.securityContext);
  const path: Path = ["securityContext"];
  return [
    ...["hostNetwork", "hostPID", "hostIPC"]
      .filter((name) => pod[name] === true)
      .map((name) => baseline("host namespaces", `pod must not set ${name}=true`, [name])),
    ...objects(pod.volumes).flatMap(volumeRules),
    ...objects(security.sysctls)
      .filter(({ name }) => !allowedSysctls.has(String(name)))
      .map(({ name }) =>
        baseline("forbidden sysctls", `pod must not set the sysctl ${String(name)}`, [...path, "sysctls"]),
      ),
    ...sharedRules("pod", security, path),
    ...(security.runAsUser === 0 && !inUserNamespace(pod)
      ? [restricted("runAsUser=0", "pod must not set runAsUser=0", [...path, "runAsUser"])]
      : []),
    ...(security.runAsNonRoot === false && !inUserNamespace(pod)
      ? [
          restricted("runAsNonRoot != true", "pod must not set securityContext.runAsNonRoot=false", [
            ...path,
            "runAsNonRoot",
          ]),
        ]
      : []),
  ];
}

const allowedSysctls = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_wmem",
]);

const restrictedVolumes = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

function volumeRules(volume: JsonObject, at: number): PodSecurityViolation[] {
  const path: Path = ["volumes", at];
  const name = String(volume.name ?? "");
  const source = Object.keys(volume).find((key) => key !== "name");
  if (source === "hostPath") return [baseline("hostPath volumes", `volume "${name}"`, path)];
  if (source === undefined || restrictedVolumes.has(source)) return [];
  return [restricted("restricted volume types", `volume "${name}" uses restricted volume type "${source}"`, path)];
}

/** Pods whose users are not the node's are allowed more. */
function inUserNamespace(pod: JsonObject): boolean {
  return pod.hostUsers === false;
}

function containerRules(pod: JsonObject, at: ContainerAt): PodSecurityViolation[] {
  const who = `container "${at.name}"`;
  const path: Path = [...at.path, "securityContext"];
  return [
    ...privilegeRules(pod, at, who, path),
    ...capabilityRules(at, who, path),
    ...sharedRules(who, at.security, path),
    ...hostRules(at, who),
    ...userRules(pod, at, who, path),
    ...seccompRequired(pod, at, who, path),
  ];
}

function privilegeRules(pod: JsonObject, { security }: ContainerAt, who: string, path: Path): PodSecurityViolation[] {
  const { privileged, allowPrivilegeEscalation, procMount = "Default" } = security;
  const found: PodSecurityViolation[] = [];
  if (privileged === true) {
    found.push(baseline("privileged", `${who} must not set securityContext.privileged=true`, [...path, "privileged"]));
  }
  if (procMount !== "Default" && !inUserNamespace(pod)) {
    const text = `${who} must not set securityContext.procMount to "${String(procMount)}"`;
    found.push(baseline("procMount", text, [...path, "procMount"]));
  }
  if (allowPrivilegeEscalation !== false) {
    const text = `${who} must set securityContext.allowPrivilegeEscalation=false`;
    found.push(restricted("allowPrivilegeEscalation != false", text, path));
  }
  return found;
}

const defaultCapabilities = new Set([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);

function capabilityRules({ security }: ContainerAt, who: string, path: Path): PodSecurityViolation[] {
  const { add, drop } = object(security.capabilities);
  const added = words(add);
  const extra = added.filter((name) => !defaultCapabilities.has(name));
  const list = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");
  const at: Path = [...path, "capabilities"];
  const found: PodSecurityViolation[] = [];
  if (extra.length > 0) {
    const text = `${who} must not include ${list(extra)} in securityContext.capabilities.add`;
    found.push(baseline("non-default capabilities", text, at));
  }
  if (!words(drop).includes("ALL")) {
    const text = `${who} must set securityContext.capabilities.drop=["ALL"]`;
    found.push(restricted("unrestricted capabilities", text, at));
  }
  const more = added.filter((name) => name !== "NET_BIND_SERVICE" && defaultCapabilities.has(name));
  if (more.length > 0) {
    const text = `${who} must not include ${list(more)} in securityContext.capabilities.add`;
    found.push(restricted("unrestricted capabilities", text, at));
  }
  return found;
}

const selinuxTypes = new Set(["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"]);

/** What is forbidden in the pod's security context and in a container's alike. */
function sharedRules(who: string, security: JsonObject, path: Path): PodSecurityViolation[] {
  const selinux = object(security.seLinuxOptions);
  const profile = (name: string) => object(security[name]).type;
  const found: PodSecurityViolation[] = [];
  if (!selinuxTypes.has(String(selinux.type ?? "")) || selinux.user || selinux.role) {
    found.push(
      baseline("seLinuxOptions", `${who} set forbidden securityContext.seLinuxOptions`, [...path, "seLinuxOptions"]),
    );
  }
  if (profile("seccompProfile") === "Unconfined") {
    const text = `${who} must not set securityContext.seccompProfile.type to "Unconfined"`;
    found.push(baseline("seccompProfile", text, [...path, "seccompProfile"]));
  }
  if (profile("appArmorProfile") === "Unconfined") {
    const text = `${who} must not set securityContext.appArmorProfile.type to "Unconfined"`;
    found.push(baseline("forbidden AppArmor profiles", text, [...path, "appArmorProfile"]));
  }
  if (object(security.windowsOptions).hostProcess === true) {
    found.push(
      baseline("hostProcess", `${who} must not set windowsOptions.hostProcess=true`, [...path, "windowsOptions"]),
    );
  }
  return found;
}

function hostRules({ container, path }: ContainerAt, who: string): PodSecurityViolation[] {
  const ports = objects(container.ports).filter((port) => typeof port.hostPort === "number" && port.hostPort !== 0);
  const handlers = [
    ...["livenessProbe", "readinessProbe", "startupProbe"].map((name) => [name, object(container[name])] as const),
    ...["postStart", "preStop"].map(
      (name) => [`lifecycle.${name}`, object(object(container.lifecycle)[name])] as const,
    ),
  ];
  const hosts = handlers.filter(([, handler]) => object(handler.httpGet).host || object(handler.tcpSocket).host);
  return [
    ...ports.map((port) => baseline("hostPort", `${who} uses hostPort ${String(port.hostPort)}`, [...path, "ports"])),
    ...hosts.map(([name]) =>
      baseline("hostProbesAndHostLifecycle", `${who} must not set the host field in ${name}`, [
        ...path,
        ...name.split("."),
      ]),
    ),
  ];
}

function userRules(pod: JsonObject, { security }: ContainerAt, who: string, path: Path): PodSecurityViolation[] {
  if (inUserNamespace(pod)) return [];
  const found: PodSecurityViolation[] = [];
  if (security.runAsUser === 0) {
    found.push(restricted("runAsUser=0", `${who} must not set runAsUser=0`, [...path, "runAsUser"]));
  }
  const nonRoot = security.runAsNonRoot ?? object(pod.securityContext).runAsNonRoot;
  if (nonRoot !== true) {
    const text = `pod or ${who} must set securityContext.runAsNonRoot=true`;
    found.push(restricted("runAsNonRoot != true", text, path));
  }
  return found;
}

function seccompRequired(pod: JsonObject, { security }: ContainerAt, who: string, path: Path): PodSecurityViolation[] {
  const type = (context: Json | undefined) => object(object(context).seccompProfile).type;
  if ((type(security) ?? type(pod.securityContext)) !== undefined) return [];
  const text = `pod or ${who} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`;
  return [restricted("seccompProfile", text, path)];
}

function baseline(check: string, text: string, path: Path): PodSecurityViolation {
  return { level: "baseline", check, text, path };
}

function restricted(check: string, text: string, path: Path): PodSecurityViolation {
  return { level: "restricted", check, text, path };
}

function object(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter((item: Json) => isObject(item)) : [];
}

function words(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
