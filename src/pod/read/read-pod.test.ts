import fc from "fast-check";
import { expect, test } from "vitest";
import { amountOf } from "./quantity.ts";
import { readPod } from "./read-pod.ts";

test.each([
  ["512Mi", 512 * 2 ** 20],
  ["250m", 0.25],
  [2, 2],
  ["1.5Gi", 1.5 * 2 ** 30],
  ["1e3", 1000],
  ["2k", 2000],
  [".5", 0.5],
  ["", undefined],
  ["1 Gi", undefined],
  ["lots", undefined],
  [null, undefined],
])("amountOf(%j) is %j", (quantity, amount) => {
  expect(amountOf(quantity)).toBe(amount);
});

const told = (spec: unknown) => readPod(spec).problems.map(({ severity, message }) => `${severity} ${message}`);
const pod = (container: object, more: object = {}) => ({
  ...more,
  containers: [{ name: "a", image: "x", ...container }],
});

test.each<[unknown, string]>([
  [{ containers: {} }, "error containers: wanted a list"],
  [pod({ name: "No" }), 'error containers[0].name: "No" is no name of a container'],
  [pod({ image: "" }), "error containers[0].image: there is no image"],
  [
    pod({ volumeMounts: [{ name: "v", mountPath: "/v" }] }),
    'error containers[0].volumeMounts[0].name: there is no volume "v"',
  ],
  [
    pod({ volumeMounts: [{ name: "v", mountPath: "/v", subPath: "../x" }] }, { volumes: [{ name: "v" }] }),
    "error containers[0].volumeMounts[0].subPath: leads out of the volume",
  ],
  [pod({ resources: { limits: { memory: "much" } } }), "error containers[0].resources.limits.memory: no quantity"],
  [pod({ env: [{ value: "x" }] }), 'error containers[0].env[0].name: "" is no name of a variable'],
  [pod({ imagePullPolicy: "Sometimes" }), 'error containers[0].imagePullPolicy: there is no policy "Sometimes"'],
  [
    pod({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
    "error containers[0].securityContext.allowPrivilegeEscalation: cannot be false for a container that is privileged or has CAP_SYS_ADMIN",
  ],
  [
    pod({}, { volumes: [{ name: "n", nfs: { path: "/" } }] }),
    "error volumes[0].nfs: this machine has no volumes of kind nfs",
  ],
  [pod({}, { volumes: [{ name: "n" }, { name: "n" }] }), 'error volumes[1].name: there is another volume "n"'],
  [pod({ lifecycle: { preStop: {} } }), "error containers[0].lifecycle.preStop: it does nothing"],
  [pod({}, { hostUsers: false }), "warning hostUsers: not done here: users are the machine's"],
  [
    { containers: [{ name: "a", image: "x" }], initContainers: [{ name: "a", image: "x" }] },
    'error containers: two containers are called "a"',
  ],
])("%j: %s", (spec, problem) => {
  expect(told(spec)).toContain(problem);
});

test("no PodSpec makes it throw", () => {
  const key = fc.constantFrom(
    "containers",
    "initContainers",
    "volumes",
    "name",
    "image",
    "env",
    "envFrom",
    "valueFrom",
    "fieldRef",
    "volumeMounts",
    "emptyDir",
    "projected",
    "sources",
    "configMap",
    "items",
    "resources",
    "limits",
    "securityContext",
    "capabilities",
    "add",
    "startupProbe",
    "livenessProbe",
    "lifecycle",
    "preStop",
    "httpGet",
    "port",
    "exec",
    "__proto__",
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom(null, 0, true, "x", ""),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(tree, tree, (spec, container) => {
      readPod(spec);
      readPod({ containers: [container], volumes: [spec] });
    }),
    { numRuns: 500 },
  );
});
