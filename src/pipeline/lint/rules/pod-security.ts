import { isObject } from "../../kube/json.ts";
import { type PodSecurityViolation, podSecurityViolations } from "../../kube/pod-security.ts";
import type { Finding, JsonObject, KubernetesConfig, LintRule } from "../contract.ts";
import { sourceOf } from "../rendered-pod.ts";
import { maps, podOf } from "../subjects.ts";

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
  check({ kubernetes, rendered }, { podSecurity: level }) {
    if (kubernetes === undefined || level === undefined || rendered?.kind !== "pod") return [];
    const { pod } = rendered;
    const placed = podSecurityViolations(pod, level).map((violation) => ({
      violation,
      source: sourceOf(kubernetes, pod, violation.path),
    }));
    const own = placed.filter(({ source }) => source === undefined).map(({ violation }) => violation);
    const steps = placed.flatMap(({ violation: { check, text }, source }): Finding[] => {
      if (source === undefined) return [];
      const fix = fixes[check] ?? "remove it, or run in a namespace that admits it";
      return [
        { place: kubernetes.place(source), message: `Pod Security ${level} refuses the pod: ${check} (${text})`, fix },
      ];
    });
    return own.length === 0 ? steps : [...steps, controllersOwn(kubernetes, pod, own, level)];
  },
};

/** What the controller adds to every pod is told once. */
function controllersOwn(
  kubernetes: KubernetesConfig,
  pod: JsonObject,
  violations: readonly PodSecurityViolation[],
  level: string,
): Finding {
  const names = violations.flatMap(({ path: [list, at] }) => {
    const container = maps(pod[String(list)]).find(([index]) => index === at)?.[1];
    return container === undefined ? [] : [String(container.name)];
  });
  const who = names.length === 0 ? (violations[0]?.text ?? "") : `its own containers ${[...new Set(names)].join(", ")}`;
  return {
    place: kubernetes.place([]),
    message: `Pod Security ${level} refuses every pod of agent-stack-k8s: ${who}`,
    fix: `use a namespace that admits it, a pod-spec-patch of the controller (--config), or a Job without Buildkite: cooper step render --standalone --pod-security ${level}`,
  };
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
