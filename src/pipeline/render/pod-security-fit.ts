import { CooperError } from "../../kit/index.ts";
import { isObject, type Json, type JsonObject } from "../kube/json.ts";
import { type PodSecurityLevel, podSecurityViolations } from "../kube/pod-security.ts";
import { type Container, isCommandContainer, type PodSpec, withEnv } from "./container.ts";

export type FittingLevel = PodSecurityLevel;

/**
 * The pod with just as few rights as a level of Pod Security admits, and a sentence for everything that was taken from it. Throws
 * `pipeline/pod-security` for what cannot be taken away without breaking the pod: folders of the node, say.
 */
export function fitPodSecurity(
  pod: PodSpec,
  level: FittingLevel | undefined,
): { pod: PodSpec; changes: readonly string[] } {
  if (level === undefined) return { pod, changes: [] };
  const fitted = level === "baseline" ? toBaseline(pod) : toRestricted(toBaseline(pod));
  const [left] = podSecurityViolations(fitted, level);
  if (left !== undefined) {
    throw new CooperError(
      "pipeline/pod-security",
      `the pod cannot satisfy Pod Security ${level}: ${left.check} (${left.text})`,
      {
        hint: "Change the step's podSpec, or a level that admits it.",
      },
    );
  }
  const taken = podSecurityViolations(pod, "baseline").map(({ check, text }) => `took away ${check} (${text})`);
  return { pod: fitted, changes: [...taken, ...buildkitWarnings(fitted)] };
}

function buildkitWarnings(pod: PodSpec): string[] {
  return pod.containers
    .filter(({ image = "" }) => /(?:^|\/)moby\/buildkit/.test(image))
    .map(
      ({ name, image }) =>
        `container "${name}": ${image} cannot build without those rights; --cooper-image names one that can`,
    );
}

function toBaseline(pod: PodSpec): PodSpec {
  const { hostNetwork: _network, hostPID: _pid, hostIPC: _ipc, ...rest } = pod;
  return mapContainers({ ...rest, ...securityOf(pod, baselineSecurity) }, (container) => ({
    ...container,
    ...securityOf(container, baselineSecurity),
    ...(container.ports === undefined ? {} : { ports: withoutHostPorts(container.ports) }),
  }));
}

function mapContainers(pod: PodSpec, change: (container: Container) => Container): PodSpec {
  return { ...pod, initContainers: (pod.initContainers ?? []).map(change), containers: pod.containers.map(change) };
}

function securityOf(owner: JsonObject, change: (security: JsonObject) => JsonObject): JsonObject {
  return isObject(owner.securityContext) ? { securityContext: change(owner.securityContext) } : {};
}

function baselineSecurity(security: JsonObject): JsonObject {
  const {
    privileged: _privileged,
    procMount: _procMount,
    capabilities,
    seccompProfile,
    appArmorProfile,
    ...rest
  } = security;
  return {
    ...rest,
    ...(isObject(capabilities) ? { capabilities: { ...capabilities, add: allowedAdditions(capabilities.add) } } : {}),
    ...(isUnconfined(seccompProfile) ? { seccompProfile: { type: "RuntimeDefault" } } : { seccompProfile }),
    ...(isUnconfined(appArmorProfile) ? {} : { appArmorProfile }),
  };
}

function isUnconfined(profile: Json | undefined): boolean {
  return isObject(profile) && profile.type === "Unconfined";
}

function allowedAdditions(add: Json | undefined): string[] {
  const names = Array.isArray(add) ? add.map(String) : [];
  return names.filter(
    (name) => podSecurityViolations(onePod({ capabilities: { add: [name] } }), "baseline").length === 0,
  );
}

function onePod(securityContext: JsonObject): JsonObject {
  return { containers: [{ name: "x", securityContext }] };
}

function withoutHostPorts(ports: Json): Json {
  if (!Array.isArray(ports)) return ports;
  return ports.map((port: Json) => (isObject(port) ? { ...port, hostPort: 0 } : port));
}

/** Every container as user 1000 unless the pod says another, without any right; files of volumes belong to that group. */
function toRestricted(pod: PodSpec): PodSpec {
  const own = isObject(pod.securityContext) ? pod.securityContext : {};
  const user = typeof own.runAsUser === "number" && own.runAsUser !== 0 ? own.runAsUser : 1000;
  const securityContext = {
    ...own,
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: own.runAsGroup ?? user,
    fsGroup: own.fsGroup ?? user,
    seccompProfile: own.seccompProfile ?? { type: "RuntimeDefault" },
  };
  return mapContainers({ ...pod, securityContext }, (container) => {
    const {
      runAsUser,
      runAsNonRoot: _nonRoot,
      ...rest
    } = isObject(container.securityContext) ? container.securityContext : {};
    const keptUser = typeof runAsUser === "number" && runAsUser !== 0 ? { runAsUser } : {};
    const security = { ...rest, ...keptUser, allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
    return { ...withHome(container), securityContext: security };
  });
}

/** User 1000 has no home in most images. */
function withHome(container: Container): Container {
  const known = (container.env ?? []).some((variable) => variable.name === "HOME");
  return known || !isCommandContainer(container)
    ? container
    : withEnv(container, { name: "HOME", value: "/workspace/.home" });
}
