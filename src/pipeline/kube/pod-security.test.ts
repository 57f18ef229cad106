import { expect, test } from "vitest";
import type { JsonObject } from "./json.ts";
import { podSecurityViolations } from "./pod-security.ts";

/** The strictest level that admits a pod. */
function admittedBy(pod: JsonObject): string {
  if (podSecurityViolations(pod, "restricted").length === 0) return "restricted";
  return podSecurityViolations(pod, "baseline").length === 0 ? "baseline" : "privileged";
}

const quiet = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};
const container = (securityContext: JsonObject, more: JsonObject = {}) => ({ name: "main", securityContext, ...more });
const pod = (securityContext: JsonObject, more: JsonObject = {}) => ({
  containers: [container(securityContext)],
  ...more,
});

// The ladder of pods in which people build, from the most rights to the least.
test.each<[string, JsonObject, string]>([
  ["privileged", pod({ privileged: true }), "privileged"],
  ["privileged with users of its own", pod({ privileged: true }, { hostUsers: false }), "privileged"],
  ["uid 1000, unconfined", pod({ runAsUser: 1000, seccompProfile: { type: "Unconfined" } }), "privileged"],
  [
    "SYS_ADMIN with users of its own",
    pod({ capabilities: { add: ["SYS_ADMIN"] } }, { hostUsers: false }),
    "privileged",
  ],
  ["unmasked /proc with users of its own", pod({ procMount: "Unmasked" }, { hostUsers: false }), "baseline"],
  ["unmasked /proc", pod({ procMount: "Unmasked" }), "privileged"],
  ["plain root", pod({}), "baseline"],
  ["plain root, RuntimeDefault", pod({ seccompProfile: { type: "RuntimeDefault" } }), "baseline"],
  ["uid 1000 without capabilities", pod({ ...quiet, runAsUser: 1000, runAsNonRoot: true }), "restricted"],
  ["uid 0 of its own users without capabilities", pod({ ...quiet, runAsUser: 0 }, { hostUsers: false }), "restricted"],
  [
    "a Localhost profile",
    pod({ ...quiet, runAsNonRoot: true, seccompProfile: { type: "Localhost", localhostProfile: "p" } }),
    "restricted",
  ],
  [
    "a folder of the node",
    pod({ ...quiet, runAsNonRoot: true }, { volumes: [{ name: "v", hostPath: { path: "/" } }] }),
    "privileged",
  ],
  [
    "an NFS volume",
    pod({ ...quiet, runAsNonRoot: true }, { volumes: [{ name: "v", nfs: { server: "s", path: "/" } }] }),
    "baseline",
  ],
  ["the node's network", pod({ ...quiet, runAsNonRoot: true }, { hostNetwork: true }), "privileged"],
  [
    "a port of the node",
    { containers: [container({ ...quiet, runAsNonRoot: true }, { ports: [{ containerPort: 1, hostPort: 1 }] })] },
    "privileged",
  ],
])("a pod with %s is admitted by the right level", (_name, spec, level) => {
  expect(admittedBy(spec)).toBe(level);
});

test("settings of the pod hold for its containers", () => {
  const { seccompProfile, ...rest } = quiet;
  expect(admittedBy(pod(rest, { securityContext: { seccompProfile, runAsNonRoot: true } }))).toBe("restricted");
});

test("a violation says who, what and where", () => {
  const [violation] = podSecurityViolations(
    { containers: [container(quiet), container({ privileged: true })] },
    "baseline",
  );
  expect(violation).toEqual({
    level: "baseline",
    check: "privileged",
    text: 'container "main" must not set securityContext.privileged=true',
    path: ["containers", 1, "securityContext", "privileged"],
  });
});
