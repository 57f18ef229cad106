import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quietScope } from "../kit/index.ts";
import { type Lab, podLab } from "./testing/index.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await podLab();
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

/** A container that runs a shell script. */
const sh = (name: string, script: string, more: object = {}) => ({
  name,
  image: "busybox",
  command: ["sh", "-c", script],
  ...more,
});

describe("a pod's containers", () => {
  test("init containers run in order, then the others one after another, until one fails", async () => {
    const { exitCode, container, log, events } = await lab.run({
      initContainers: [sh("a", "echo first"), sh("b", "echo second")],
      containers: [sh("c", "echo third; sleep 0.2; echo done"), sh("d", "echo fourth; exit 9"), sh("e", "echo never")],
    });
    expect({ exitCode, container }).toEqual({ exitCode: 9, container: "d" });
    expect(log).toBe("a: first\nb: second\nc: third\nc: done\nd: fourth\n");
    expect(events.at(-1)).toBe("ended d");
  });

  test("a failing init container is the pod's end", async () => {
    const ran = await lab.run({ initContainers: [sh("a", "exit 3")], containers: [sh("c", "echo never")] });
    expect(ran).toMatchObject({ exitCode: 3, container: "a", reason: "InitContainerFailed", log: "" });
  });

  test("a native sidecar is up before the others begin, and is stopped in the end", async () => {
    const { exitCode, log } = await lab.run({
      initContainers: [
        sh("db", "trap 'echo bye; exit 0' TERM; touch /shared/up; while :; do sleep 0.1; done", {
          restartPolicy: "Always",
          volumeMounts: [{ name: "s", mountPath: "/shared" }],
          startupProbe: { exec: { command: ["test", "-e", "/shared/up"] }, periodSeconds: 1, failureThreshold: 30 },
        }),
      ],
      containers: [sh("main", "ls /shared; echo work", { volumeMounts: [{ name: "s", mountPath: "/shared" }] })],
      volumes: [{ name: "s", emptyDir: {} }],
    });
    expect(exitCode).toBe(0);
    expect(log).toBe("main: up\nmain: work\ndb: bye\n");
  });

  test("containers see one network: a loopback of their own with network none", async () => {
    const { log } = await lab.run(
      {
        containers: [
          sh("a", "ifconfig -a | grep -c Link; readlink /proc/self/ns/net"),
          sh("b", "readlink /proc/self/ns/net"),
        ],
      },
      { network: "none" },
    );
    const [count, a, b] = log.split("\n").map((line) => line.slice(3));
    expect(count).toBe("1");
    expect(a).toBe(b);
    expect(a).not.toBe(readlinkSync("/proc/self/ns/net"));
  });

  test("the end of its scope asks a container to stop, and kills it after the grace period", async () => {
    const stopping = new AbortController();
    const asked = lab.run(
      {
        terminationGracePeriodSeconds: 30,
        containers: [sh("a", "trap 'echo stopping; exit 5' TERM; echo up; while :; do sleep 0.05; done")],
      },
      { output: () => stopping.abort(new Error("enough")) },
      { ...quietScope, signal: stopping.signal },
    );
    expect(await asked).toMatchObject({ exitCode: 5, reason: "Stopped", container: "a" });
    const deaf = new AbortController();
    const killed = lab.run(
      { terminationGracePeriodSeconds: 0, containers: [sh("a", "trap '' TERM; echo up; while :; do sleep 1; done")] },
      { output: () => deaf.abort(new Error("enough")) },
      { ...quietScope, signal: deaf.signal },
    );
    expect(await killed).toMatchObject({ exitCode: 137, reason: "Stopped" });
  });

  test("activeDeadlineSeconds ends the pod", async () => {
    const ran = await lab.run({
      activeDeadlineSeconds: 1,
      terminationGracePeriodSeconds: 0,
      containers: [sh("a", "sleep 100")],
    });
    expect(ran).toMatchObject({ exitCode: 137, reason: "DeadlineExceeded" });
  });

  test("a command that does not exist says so", async () => {
    await expect(lab.run({ containers: [{ name: "a", image: "x", command: ["/no/such"] }] })).rejects.toMatchObject({
      code: "executor/start-failed",
    });
  });

  test("images are pulled by Kubernetes' policies", async () => {
    const before = lab.opened.length;
    const images = ["a/b:latest", "a/b", "a/b:1", "r:5000/a", `a@sha256:${"0".repeat(64)}`];
    await lab.run({
      containers: [
        ...images.map((image, at) => ({ name: `c${at}`, image, command: ["true"] })),
        { name: "n", image: "x:1", imagePullPolicy: "Never", command: ["true"] },
      ],
    });
    expect([...lab.opened.slice(before)].sort()).toEqual(
      [
        "a/b Always",
        "a/b:1 IfNotPresent",
        "a/b:latest Always",
        `a@sha256:${"0".repeat(64)} IfNotPresent`,
        "r:5000/a Always",
        "x:1 Never",
      ].sort(),
    );
  });
});

describe("a pod's volumes", () => {
  test("an emptyDir is shared, open to all, and empty the next time", async () => {
    const pod = {
      volumes: [{ name: "v", emptyDir: {} }],
      containers: [
        sh("a", "ls -ld /v | cut -c1-10; ls /v | wc -l; echo text > /v/f", {
          volumeMounts: [{ name: "v", mountPath: "/v" }],
        }),
        sh("b", "cat /w/f; touch /w/x", {
          volumeMounts: [{ name: "v", mountPath: "/w", readOnly: true }],
          securityContext: { runAsUser: 1000 },
        }),
      ],
    };
    const { log } = await lab.run(pod);
    expect(log).toContain("b: text\n");
    expect(log).toContain("a: 0\n");
    expect(log).toContain("touch: /w/x: Read-only file system");
    expect((await lab.run(pod)).log).toContain("a: 0\n");
  });

  test("a kept emptyDir, a claim and a hostPath keep what is written", async () => {
    const kept = join(lab.folder, "kept");
    mkdirSync(kept, { recursive: true });
    const pod = {
      volumes: [
        { name: "cache", emptyDir: {} },
        { name: "claim", persistentVolumeClaim: { claimName: "my-claim" } },
        { name: "host", hostPath: { path: join(lab.folder, "host"), type: "DirectoryOrCreate" } },
      ],
      containers: [
        sh("a", "for d in /k /c /h; do cat $d/n 2>/dev/null; echo x >> $d/n; done", {
          volumeMounts: [
            { name: "cache", mountPath: "/k" },
            { name: "claim", mountPath: "/c" },
            { name: "host", mountPath: "/h" },
          ],
        }),
      ],
    };
    const more = { keptFolder: async (name: string) => (name === "cache" ? kept : undefined) };
    expect((await lab.run(pod, more)).log).toBe("");
    expect((await lab.run(pod, more)).log).toBe("a: x\na: x\na: x\n");
    expect(readFileSync(join(lab.folder, "host/n"), "utf8")).toBe("x\nx\n");
  });

  test("medium Memory is a tmpfs of the stated size", async () => {
    const { log } = await lab.run({
      volumes: [{ name: "m", emptyDir: { medium: "Memory", sizeLimit: "8Mi" } }],
      containers: [sh("a", "grep ' /m ' /proc/mounts", { volumeMounts: [{ name: "m", mountPath: "/m" }] })],
    });
    expect(log).toMatch(/tmpfs \/m tmpfs .*size=8192k.*mode=777/);
  });

  test("config maps, secrets, projections and the downward API are files", async () => {
    const data = new Map([
      ["a.txt", Buffer.from("A")],
      ["b.txt", Buffer.from("B")],
    ]);
    const { log } = await lab.run(
      {
        volumes: [
          { name: "c", configMap: { name: "cm" } },
          { name: "s", secret: { secretName: "sec", defaultMode: 0o400, items: [{ key: "b.txt", path: "deep/b" }] } },
          {
            name: "p",
            projected: {
              sources: [
                { configMap: { name: "cm", items: [{ key: "a.txt", path: "from-cm", mode: 0o600 }] } },
                { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
                { secret: { name: "none", optional: true } },
              ],
            },
          },
        ],
        containers: [
          sh(
            "a",
            "cd /c; echo *; cat a.txt; echo; cat /s/deep/b; stat -c %a /s/deep/b; cat /p/labels; stat -c %a /p/from-cm; ls /p | wc -l; touch /c/x 2>/dev/null || echo refused",
            {
              volumeMounts: ["c", "s", "p"].map((name) => ({ name, mountPath: `/${name}` })),
            },
          ),
        ],
      },
      { objectData: ({ name }) => (name === "none" ? undefined : data) },
    );
    expect(log).toContain("a: a.txt b.txt\na: A\n");
    expect(log).toMatch(/B400|B\n?a?:? ?400/);
    expect(log).toContain('app="x"');
    expect(log).toContain("600\na: 2\n");
    expect(log).toContain("a: refused");
  });

  test("subPath and subPathExpr lead into a volume, and never out of it", async () => {
    const { log } = await lab.run({
      volumes: [{ name: "v", emptyDir: {} }],
      containers: [
        sh("a", "touch /one/f /two/g; ln -s / /v/out; find /v -type f | sort", {
          env: [{ name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
          volumeMounts: [
            { name: "v", mountPath: "/v" },
            { name: "v", mountPath: "/one", subPath: "x/y" },
            { name: "v", mountPath: "/two", subPathExpr: "logs/$(POD)" },
          ],
        }),
        sh("b", "ls /out/etc 2>/dev/null | wc -l", {
          volumeMounts: [{ name: "v", mountPath: "/out", subPath: "out" }],
        }),
      ],
    });
    expect(log).toBe("a: /v/logs/my-pod/g\na: /v/x/y/f\nb: 0\n");
    await expect(
      lab.run({
        volumes: [{ name: "v", emptyDir: {} }],
        containers: [sh("a", "true", { volumeMounts: [{ name: "v", mountPath: "/v", subPathExpr: "$(NO)" }] })],
      }),
    ).rejects.toMatchObject({ code: "pod/sub-path" });
  });

  test("a missing config map, a missing key and a missing host path say how to give them", async () => {
    const volume = (source: object) => lab.run({ volumes: [{ name: "v", ...source }], containers: [sh("a", "true")] });
    await expect(volume({ configMap: { name: "cm" } })).rejects.toMatchObject({
      code: "pod/no-object",
      hint: expect.stringContaining("--config-map cm=PATH"),
    });
    await expect(volume({ hostPath: { path: "/no/such", type: "File" } })).rejects.toMatchObject({
      code: "pod/host-path",
    });
  });

  test("nothing is left: no mount, no container's tree", () => {
    expect(readFileSync("/proc/self/mountinfo").toString()).not.toContain(lab.folder);
    for (const name of readdirSync(lab.folder).filter((one) => one.startsWith("pod-"))) {
      expect(readdirSync(join(lab.folder, name)).filter((one) => one.startsWith("image-"))).toEqual([]);
    }
    expect(existsSync(join(lab.folder, "state/run"))).toBe(false);
  });
});

describe("what a container is told and may do", () => {
  test("variables: the image's, envFrom's, its own, with $(…) of those before", async () => {
    const { log } = await lab.run(
      {
        containers: [
          sh("a", "env | grep -E '^(FROM_IMAGE|CM_|A|B|C|D|E|HOSTNAME|MEM|CPU)' | sort; echo $0", {
            args: ["arg $(A) $(NO) $$(A)"],
            envFrom: [{ prefix: "CM_", configMapRef: { name: "cm" } }],
            env: [
              { name: "A", value: "one" },
              { name: "B", value: "$(A) $(CM_K) $(LATER) $$(A)" },
              { name: "C", valueFrom: { secretKeyRef: { name: "s", key: "K" } } },
              { name: "D", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
              { name: "E", valueFrom: { secretKeyRef: { name: "s", key: "none", optional: true } } },
              { name: "MEM", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } },
              { name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "1m" } } },
            ],
            resources: { limits: { memory: "64Mi", cpu: "500m" } },
          }),
        ],
      },
      { objectData: () => new Map([["K", Buffer.from("v")]]), extraEnv: () => new Map([["FROM_IMAGE", "no"]]) },
    );
    expect(log.replaceAll("a: ", "").split("\n")).toEqual([
      "A=one",
      "B=one v $(LATER) $(A)",
      "C=v",
      "CM_K=v",
      "CPU=500",
      "D=x",
      "FROM_IMAGE=no",
      "HOSTNAME=my-pod",
      "MEM=64",
      "arg one $(NO) $(A)",
      "",
    ]);
  });

  const facts = "id -u; id -g; id -G; grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr '\\t' ' '";
  const asked = async (securityContext: object, pod: object = {}) => {
    const { log } = await lab.run({
      ...pod,
      containers: [sh("a", `${facts}; touch /x 2>/dev/null && echo wrote`, { securityContext })],
    });
    const [uid, gid, groups, ...rest] = log.replaceAll("a: ", "").trim().split("\n");
    return {
      uid,
      gid,
      groups,
      ...Object.fromEntries(rest.map((line) => line.split(/: ?/))),
      wrote: log.includes("wrote"),
    };
  };

  test("security contexts: user, groups, capabilities, seccomp, privileges, read-only root", async () => {
    expect(await asked({})).toMatchObject({
      uid: "0",
      CapEff: "00000000a80425fb",
      NoNewPrivs: "0",
      Seccomp: "0",
      wrote: true,
    });
    expect(
      await asked({ runAsUser: 1000, runAsGroup: 7 }, { securityContext: { fsGroup: 55, supplementalGroups: [66] } }),
    ).toMatchObject({
      uid: "1000",
      gid: "7",
      groups: "7 55 66",
      CapEff: "0000000000000000",
    });
    expect(
      await asked({ allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"], add: ["CHOWN"] } }),
    ).toMatchObject({
      CapEff: "0000000000000001",
      CapBnd: "0000000000000001",
      NoNewPrivs: "1",
    });
    expect(await asked({ seccompProfile: { type: "RuntimeDefault" }, readOnlyRootFilesystem: true })).toMatchObject({
      Seccomp: "2",
      wrote: false,
    });
    const privileged = await asked({ privileged: true });
    expect(BigInt(`0x${(privileged as Record<string, string>).CapEff}`) & (1n << 21n)).not.toBe(0n);
  });

  test("a memory limit ends a container that passes it, with its name", async () => {
    const ran = await lab.run({
      containers: [sh("a", "tail /dev/zero", { resources: { limits: { memory: "32Mi" } } })],
    });
    expect(ran).toMatchObject({
      exitCode: 137,
      reason: "OOMKilled",
      message: expect.stringContaining("33554432 bytes"),
    });
  });

  test("runAsNonRoot refuses root", async () => {
    await expect(asked({ runAsNonRoot: true })).rejects.toMatchObject({ code: "pod/runs-as-root" });
  });

  test("fsGroup owns what is written to volumes", async () => {
    const { log } = await lab.run({
      securityContext: { runAsUser: 1000, fsGroup: 55 },
      volumes: [{ name: "v", emptyDir: {} }],
      containers: [sh("a", "touch /v/f; stat -c %u:%g /v/f", { volumeMounts: [{ name: "v", mountPath: "/v" }] })],
    });
    expect(log).toBe("a: 1000:55\n");
  });
});
