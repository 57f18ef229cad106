import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../kube/json.ts";
import { podSecurityViolations } from "../kube/pod-security.ts";
import { readPodApi } from "../kube/schema.ts";
import type { PodSpec } from "./container.ts";
import { readControllerConfig } from "./controller-config.ts";
import { controllerTypes } from "./controller-types.ts";
import { renderStandalone, type StandaloneInput } from "./standalone.ts";
import { commandScript, sourceScript } from "./standalone-scripts.ts";

const api = readPodApi(controllerTypes);
const input: StandaloneInput = {
  uuid: "0190",
  command: "make test\n",
  tags: ["queue=kubernetes"],
  priority: 0,
  env: { BUILDKITE_REPO: "https://example.org/r.git", BUILDKITE_COMMIT: "abc", NAME: "of the job" },
  plugin: undefined,
  sourceImage: "example.org/git:1",
  cooperImage: "example.org/cooper:1",
  secrets: new Map([["TOKEN", "npm-token"]]),
  secretName: "buildkite-secrets",
  timeoutSeconds: 90,
  podSecurity: undefined,
};
const buildStep: JsonObject = {
  podSpec: {
    volumes: [{ name: "buildkit-cache", emptyDir: {} }],
    containers: [
      {
        name: "main",
        image: "moby/buildkit:master",
        env: [{ name: "NAME", value: "of the pod" }],
        volumeMounts: [{ name: "buildkit-cache", mountPath: "/var/lib/buildkit" }],
        securityContext: { privileged: true },
      },
    ],
  },
};

function render(more: Partial<StandaloneInput>): { pod: PodSpec; job: JsonObject; changes: readonly string[] } {
  const { job, changes } = renderStandalone(api, readControllerConfig(api), { ...input, ...more });
  const { spec } = JSON.parse(JSON.stringify(job));
  return { pod: spec.template.spec, job: spec, changes };
}

describe("a Job without Buildkite", () => {
  test("has the step's containers and the source, and no agent", () => {
    const { pod, job } = render({ plugin: buildStep });
    expect(pod.containers.map(({ name, image }) => [name, image])).toEqual([["main", "example.org/cooper:1"]]);
    expect(pod.initContainers?.map(({ name }) => name)).toEqual(["source"]);
    expect(JSON.stringify(pod)).not.toContain("buildkite-agent");
    expect(job.activeDeadlineSeconds).toBe(90);
  });

  test("has nothing of a patch for the agent's containers, and one mount at a path", () => {
    const plugin = {
      ...buildStep,
      commandParams: { extraVolumeMounts: [{ name: "buildkit-cache", mountPath: "/workspace" }] },
      podSpecPatch: {
        containers: [
          { name: "agent", tty: true },
          { name: "main", tty: true },
        ],
      },
    };
    const { pod } = render({ plugin });
    expect(pod.containers.map(({ name, tty }) => [name, tty])).toEqual([["main", true]]);
    expect(pod.containers[0]?.volumeMounts?.map(({ name, mountPath }) => `${name} ${mountPath}`)).toEqual([
      "buildkit-cache /var/lib/buildkit",
      "workspace /workspace",
    ]);
  });

  test("gives the job's variables and secrets, which win over the container's", () => {
    const { pod } = render({ plugin: buildStep });
    expect(pod.containers[0]?.env).toContainEqual({ name: "NAME", value: "of the job" });
    expect(pod.containers[0]?.env).not.toContainEqual({ name: "NAME", value: "of the pod" });
    expect(pod.containers[0]?.env).toContainEqual({
      name: "TOKEN",
      valueFrom: { secretKeyRef: { name: "buildkite-secrets", key: "npm-token" } },
    });
  });

  test("keeps the rights that the step asks for, unless told otherwise", () => {
    expect(podSecurityViolations(render({ plugin: buildStep }).pod, "baseline")).toHaveLength(1);
  });

  test.each(["baseline", "restricted"] as const)("can be made to satisfy %s, and says what that took", (level) => {
    const { pod, changes } = render({ plugin: buildStep, podSecurity: level });
    expect(podSecurityViolations(pod, level)).toEqual([]);
    expect(changes).toEqual(['took away privileged (container "main" must not set securityContext.privileged=true)']);
  });

  test("warns when BuildKit's own image is left without the rights that it needs", () => {
    const { changes } = render({ plugin: buildStep, podSecurity: "restricted", cooperImage: undefined });
    expect(changes.at(-1)).toContain("cannot build without those rights");
  });

  test("a folder of the node cannot be made to fit", () => {
    const plugin = { podSpec: { volumes: [{ name: "v", hostPath: { path: "/" } }], containers: [] } };
    expect(() => render({ plugin, podSecurity: "restricted" })).toThrow('hostPath volumes (volume "v")');
  });
});

describe("its scripts", () => {
  /** Runs a script with a folder of its own as the workspace. */
  async function shell(workspace: string, script: string, command = ""): Promise<{ code: number; output: string }> {
    const here = script.replaceAll("/workspace", workspace);
    const env = { ...process.env, BUILDKITE_COMMAND: command, HOME: workspace };
    const child = spawn("/bin/sh", ["-c", here], { env });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    const code = await new Promise<number>((resolve) => child.on("close", (status) => resolve(status ?? -1)));
    return { code, output: Buffer.concat(chunks).toString() };
  }

  async function inWorkspace<T>(use: (workspace: string) => Promise<T>): Promise<T> {
    const workspace = mkdtempSync(join(tmpdir(), "cooper-standalone-"));
    try {
      return await use(workspace);
    } finally {
      rmSync(workspace, { recursive: true, force: true });
    }
  }

  test("a lone container ends with its command's exit code", async () => {
    await inWorkspace(async (workspace) => {
      expect(await shell(workspace, commandScript(0, 1), "echo one; exit 7")).toEqual({ code: 7, output: "one\n" });
    });
  });

  test("a command that names a file of the checkout runs that file", async () => {
    await inWorkspace(async (workspace) => {
      mkdirSync(join(workspace, "build/buildkite/ci"), { recursive: true });
      writeFileSync(join(workspace, "build/buildkite/ci/test"), "#!/bin/sh\necho from a file\n");
      expect((await shell(workspace, commandScript(0, 1), "ci/test")).output).toBe("from a file\n");
    });
  });

  test("containers run one after another", async () => {
    await inWorkspace(async (workspace) => {
      const runs = [0, 1, 2].map((at) => shell(workspace, commandScript(at, 3), `echo ${at} >> ../order`));
      expect((await Promise.all(runs)).map(({ code }) => code)).toEqual([0, 0, 0]);
      expect(readFileSync(join(workspace, "build/order"), "utf8")).toBe("0\n1\n2\n");
    });
  });

  test("one that fails keeps the later ones from running", async () => {
    await inWorkspace(async (workspace) => {
      const runs = ["exit 3", "echo no", "echo no"].map((command, at) =>
        shell(workspace, commandScript(at, 3), command),
      );
      expect(await Promise.all(runs)).toEqual([
        { code: 3, output: "" },
        { code: 0, output: "" },
        { code: 0, output: "" },
      ]);
    });
  });

  test("one that was killed is noticed by the next", async () => {
    await inWorkspace(async (workspace) => {
      mkdirSync(join(workspace, ".cooper"));
      writeFileSync(join(workspace, ".cooper/0.alive"), "12\n");
      const impatient = commandScript(1, 2).replace('"$quiet" -ge 60', '"$quiet" -ge 1');
      const { code, output } = await shell(workspace, impatient, "echo no");
      expect([code, output]).toEqual([
        1,
        "the container before this one was killed; perhaps it used too much memory\n",
      ]);
    });
  });

  test("the source is the commit that the build is of", async () => {
    await inWorkspace(async (workspace) => {
      const repository = join(workspace, "repo");
      const commit = "git -c user.name=n -c user.email=e commit -q";
      const made = await shell(
        workspace,
        `set -e; git init -q -b main ${repository}; cd ${repository}; echo 1 > a; git add a; ${commit} -m one; git rev-parse HEAD; echo 2 > a; ${commit} -am two`,
      );
      const script = `BUILDKITE_REPO=${repository} BUILDKITE_COMMIT=${made.output.trim()} BUILDKITE_BRANCH=main\n`;
      const { code, output } = await shell(workspace, script + sourceScript({ submodules: true, credentials: false }));
      expect([code, output]).toEqual([0, ""]);
      expect(readFileSync(join(workspace, "build/buildkite/a"), "utf8")).toBe("1\n");
    });
  });
});
