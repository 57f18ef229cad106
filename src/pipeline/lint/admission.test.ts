/** What lint says of a pod is what the Kubernetes API server says of its Job: `conformance/admission` holds a server's answers (1.36). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { PodSecurityLevel } from "../kube/pod-security.ts";
import { plainBuild } from "../testing/index.ts";
import { lintPipeline } from "./lint.ts";

/** One change to a sound step, and what became of its Job, and of its pod in a namespace that enforces `baseline`. */
interface Answer {
  readonly at: "container" | "containerSecurity" | "initContainer" | "pod" | "podSecurity" | "volume" | "plugin";
  readonly value: Readonly<Record<string, unknown>>;
  readonly job: "created" | "refused";
  readonly baseline?: "admitted" | "refused";
}

const file = join(import.meta.dirname, "../../../conformance/admission/pods.jsonl");
const answers = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line): Answer => JSON.parse(line));

function pipeline({ at, value }: Pick<Answer, "at" | "value">): string {
  const changed = (where: Answer["at"]) => (at === where ? value : {});
  const main = {
    name: "main",
    image: "alpine:3",
    volumeMounts: [{ name: "v", mountPath: "/m" }],
    ...changed("container"),
    ...(at === "containerSecurity" && { securityContext: value }),
  };
  const volumes = [
    { name: "v", emptyDir: {} },
    { name: "pvc", persistentVolumeClaim: { claimName: "c" } },
    ...(at === "volume" ? [{ name: "w", ...value }] : []),
  ];
  const podSpec = {
    containers: [main],
    initContainers: [{ name: "init", image: "busybox:1", ...changed("initContainer") }],
    volumes,
    ...changed("pod"),
    ...(at === "podSecurity" && { securityContext: value }),
  };
  return JSON.stringify({ steps: [{ command: "make", plugins: [{ kubernetes: { podSpec, ...changed("plugin") } }] }] });
}

function lint(text: string, podSecurity: PodSecurityLevel | undefined) {
  return lintPipeline(text, "p.yml", { build: plainBuild, env: new Map(), variables: new Map(), podSecurity });
}

describe("what the API server says, lint says before", () => {
  test.each(answers)(
    "$at $value: the Job is $job, the pod under baseline $baseline",
    ({ at, value, job, baseline }) => {
      const problems = lint(pipeline({ at, value }), "baseline");
      const errors = problems.filter(({ severity }) => severity === "error").map(({ message }) => message);
      expect(errors.length > 0 ? "refused" : "created", errors.join("\n")).toBe(job);
      if (job === "refused") return;
      const violations = problems.filter(({ rule }) => rule === "pod-security");
      expect(violations.length > 0 ? "refused" : "admitted").toBe(baseline);
    },
  );

  test("no pod of the controller's passes restricted, whatever the step says", () => {
    const value = {
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
    };
    const [problem, ...more] = lint(
      JSON.stringify({
        steps: [
          { command: "make", plugins: [{ kubernetes: { podSpec: { ...value, containers: [restrictedContainer] } } }] },
        ],
      }),
      "restricted",
    );
    expect(more).toEqual([]);
    expect(problem?.message).toBe(
      "Pod Security restricted refuses every pod of agent-stack-k8s: its own containers copy-agent, imagecheck-0, agent, checkout",
    );
    expect(problem?.fix).toContain("cooper step render --standalone --pod-security restricted");
  });

  test("the controller's own patch counts", () => {
    const security = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
    const config = {
      "pod-spec-patch": {
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
        containers: ["agent", "checkout", "main"].map((name) => ({ name, securityContext: security })),
        initContainers: ["copy-agent", "imagecheck-0"].map((name) => ({ name, securityContext: security })),
      },
    };
    const text = JSON.stringify({
      steps: [
        { command: "make", plugins: [{ kubernetes: { podSpec: { containers: [{ name: "main", image: "a:1" }] } } }] },
      ],
    });
    const options = {
      build: plainBuild,
      env: new Map(),
      variables: new Map(),
      podSecurity: "restricted",
      config,
    } as const;
    expect(lintPipeline(text, "p.yml", options).map(({ message }) => message)).toEqual([]);
  });
});

const restrictedContainer = {
  name: "main",
  image: "alpine:3",
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
};
