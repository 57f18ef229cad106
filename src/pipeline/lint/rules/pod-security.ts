import { isObject } from "../../kube/json.ts";
import { type PodSecurityViolation, podSecurityViolations } from "../../kube/pod-security.ts";
import type { LintRule } from "../contract.ts";
import { podOf } from "../subjects.ts";

const fixes: Readonly<Record<string, string>> = {
  privileged:
    "remove privileged: Cooper then builds by chroot, or without running anything; `cooper doctor` tells which",
  "hostPath volumes": "use a persistentVolumeClaim",
  "host namespaces": "remove it",
  seccompProfile: "use RuntimeDefault",
  "allowPrivilegeEscalation != false": "add allowPrivilegeEscalation: false to the container's securityContext",
  "unrestricted capabilities": 'add capabilities: {drop: ["ALL"]} to the container\'s securityContext',
  "runAsNonRoot != true": "add runAsNonRoot: true and a runAsUser",
};

export const podSecurity: LintRule = {
  name: "pod-security",
  severity: "warning",
  about: "A pod with more rights than the namespace's Pod Security level admits is never created.",
  check({ kubernetes }, { podSecurity: level }) {
    if (kubernetes === undefined || level === undefined) return [];
    const found = podSecurityViolations(podOf(kubernetes), level).map((violation) => at(["podSpec"], violation));
    const sidecars = kubernetes.plain.sidecars;
    const more = Array.isArray(sidecars) ? podSecurityViolations({ containers: sidecars }, level) : [];
    const all = [
      ...found,
      ...more.map((violation) => at([], { ...violation, path: ["sidecars", ...violation.path.slice(1)] })),
    ];
    return all.map(({ violation: { check, text }, path }) => ({
      place: kubernetes.place(path),
      message: `Pod Security ${level} refuses the pod: ${check} (${text})`,
      fix: fixes[check] ?? `remove it, or run in a namespace that admits it`,
    }));
  },
};

function at(prefix: readonly string[], violation: PodSecurityViolation) {
  return { violation, path: [...prefix, ...violation.path] };
}

export const unwritableCheckout: LintRule = {
  name: "unwritable-checkout",
  severity: "warning",
  about: "A container with a user of its own cannot write into the checkout, which belongs to the pod's user.",
  check({ kubernetes }) {
    if (kubernetes === undefined) return [];
    const pod = podOf(kubernetes).securityContext;
    const podUser = isObject(pod) ? pod.runAsUser : undefined;
    return kubernetes.containers.flatMap(({ list, name, path, plain }) => {
      const user = isObject(plain.securityContext) ? plain.securityContext.runAsUser : undefined;
      if (list !== "containers" || typeof user !== "number" || user === 0 || user === (podUser ?? 0)) return [];
      return [
        {
          place: kubernetes.place([...path, "securityContext", "runAsUser"]),
          message: `container "${name}" runs as user ${user}, but the checkout belongs to user ${String(podUser ?? 0)}: outputs and git fail there`,
          fix: `set podSpec.securityContext.runAsUser: ${user} instead of the container's`,
        },
      ];
    });
  },
};
