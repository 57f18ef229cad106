import type { JsonObject } from "./json.ts";
import type { Path } from "./normalise.ts";
import { entriesOf, invalid, objectAt, type PodRefusal, textAt } from "./refusal.ts";

/** Security settings that contradict each other; the API server refuses them whatever the namespace admits. */
export function securityRefusals(pod: JsonObject): PodRefusal[] {
  const containers = [...entriesOf(pod, "initContainers", []), ...entriesOf(pod, "containers", [])];
  const own = objectAt(pod, "securityContext");
  return [
    ...(own === undefined ? [] : sharedRefusals(own, ["securityContext"])),
    ...(pod.hostUsers === false ? hostRefusals(pod) : []),
    ...(pod.hostPID === true && pod.shareProcessNamespace === true
      ? [invalid(["shareProcessNamespace"], "not together with hostPID: true", "remove one of them")]
      : []),
    ...containers.flatMap(({ entry, path }) => {
      const security = objectAt(entry, "securityContext");
      const at: Path = [...path, "securityContext"];
      return security === undefined
        ? []
        : [...sharedRefusals(security, at), ...escalation(security, at), ...unmasked(pod, security, at)];
    }),
  ];
}

function hostRefusals(pod: JsonObject): PodRefusal[] {
  return ["hostNetwork", "hostPID", "hostIPC"]
    .filter((name) => pod[name] === true)
    .map((name) => invalid([name], "not together with hostUsers: false", "remove one of them"));
}

function escalation(security: JsonObject, path: Path): PodRefusal[] {
  if (security.allowPrivilegeEscalation !== false) return [];
  const added = objectAt(security, "capabilities")?.add;
  const admin = Array.isArray(added) && added.some((name) => name === "CAP_SYS_ADMIN");
  const at: Path = [...path, "allowPrivilegeEscalation"];
  if (security.privileged === true)
    return [invalid(at, "not false together with privileged: true", "remove one of them")];
  return admin ? [invalid(at, "not false together with the capability SYS_ADMIN", "remove one of them")] : [];
}

function unmasked(pod: JsonObject, { procMount }: JsonObject, path: Path): PodRefusal[] {
  if (procMount !== "Unmasked" || pod.hostUsers === false) return [];
  return [
    invalid([...path, "procMount"], "Unmasked is for pods with hostUsers: false", "add hostUsers: false to the pod"),
  ];
}

function sharedRefusals(security: JsonObject, path: Path): PodRefusal[] {
  const names = entriesOf(security, "sysctls", path).map(({ entry }) => textAt(entry, "name").replaceAll("/", "."));
  const twice = names.findIndex((name, at) => names.indexOf(name) !== at);
  return [
    ...["seccompProfile", "appArmorProfile"].flatMap((name) => profileRefusals(security, name, path)),
    ...(twice < 0 ? [] : [invalid([...path, "sysctls", twice, "name"], "this sysctl is set twice", "remove one")]),
  ];
}

function profileRefusals(security: JsonObject, name: string, path: Path): PodRefusal[] {
  const profile = objectAt(security, name);
  if (profile === undefined) return [];
  const type = textAt(profile, "type");
  const at: Path = [...path, name];
  const named = textAt(profile, "localhostProfile") !== "";
  if ((type === "Localhost") === named) return [];
  return [
    invalid(
      [...at, "localhostProfile"],
      named ? "only Localhost has one" : "Localhost needs one",
      named ? "remove it" : "name the profile",
    ),
  ];
}
