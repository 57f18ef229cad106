// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables are the shell's.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { busyboxImage } from "../support/base-image.ts";
import { startRegistry, type TestRegistry } from "../support/registry.ts";
import { ended, StepLab } from "../support/step-lab.ts";

let lab: StepLab;
let registry: TestRegistry;
let image: string;
beforeAll(async () => {
  registry = await startRegistry();
  image = `${registry.host}/library/busybox:latest`;
  lab = new StepLab({ "a.txt": "A\n", "script.sh": "#!/bin/sh\necho from the script\n" });
  lab.commit();
});
afterAll(async () => {
  lab[Symbol.dispose]();
  await registry[Symbol.asyncDispose]();
});

/** A step with the kubernetes plugin, as JSON, which is YAML. */
const step = (command: string, plugin: object, more: object = {}) =>
  JSON.stringify({ steps: [{ label: "s", command, plugins: [{ kubernetes: plugin }], ...more }] });
const main = (more: object = {}) => ({ podSpec: { containers: [{ name: "main", image, ...more }] } });

describe("cooper step run: pods", () => {
  test("a command runs in the checkout of an image from a registry, and writes to the working tree", async () => {
    const { code, stdout } = await lab.run(
      step(
        "pwd; cat a.txt; echo $$PWD; echo hello > made.txt; hostname | cut -c1-10; echo $$BUILDKITE_BUILD_CHECKOUT_PATH",
        main(),
      ),
    );
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout:
        "[s] /workspace/build/buildkite\n[s] A\n[s] /workspace/build/buildkite\n[s] buildkite-\n[s] /workspace/build/buildkite\n",
    });
    expect(lab.read("made.txt")).toBe("hello\n");
  });

  test("one line that names a file of the checkout runs that file; image: says the image without a plugin", async () => {
    expect((await lab.run(step("script.sh", main()))).stdout).toBe("[s] from the script\n");
    const { stdout } = await lab.run(JSON.stringify([{ label: "i", image, command: "busybox | head -1 | cut -c1-7" }]));
    expect(stdout).toBe("[i] BusyBox\n");
  });

  test("containers run in series; one with a command of its own runs that; the first failure is the step's", async () => {
    const { code, stdout } = await lab.run(
      step("echo from the step", {
        podSpec: {
          containers: [
            { name: "one", image },
            { name: "two", image, command: ["echo own;", "exit 6"] },
            { name: "three", image, command: ["echo never"] },
          ],
        },
      }),
    );
    expect({ code, stdout }).toEqual({ code: 6, stdout: "[s/one] from the step\n[s/two] own\n" });
  });

  test("sidecars, patches, metadata and volumes are the controller's", async () => {
    const { code, stdout } = await lab.run(
      step("cat /shared/up; echo $$PATCHED $$NODE_LABEL; buildkite-agent --version | cut -d, -f1", {
        podSpec: {
          volumes: [{ name: "shared", emptyDir: {} }],
          containers: [
            {
              name: "main",
              image: "no.such.registry.invalid/x:1",
              volumeMounts: [{ name: "shared", mountPath: "/shared" }],
            },
          ],
        },
        sidecars: [
          {
            name: "side",
            image,
            command: ["sh", "-c", "echo up > /shared/up; trap 'exit 0' TERM; while :; do sleep 0.1; done"],
            startupProbe: { exec: { command: ["test", "-e", "/shared/up"] }, periodSeconds: 1, failureThreshold: 30 },
            volumeMounts: [{ name: "shared", mountPath: "/shared" }],
          },
        ],
        metadata: { labels: { team: "a" } },
        podSpecPatch: {
          containers: [
            {
              name: "main",
              image,
              env: [
                { name: "PATCHED", value: "yes" },
                { name: "NODE_LABEL", valueFrom: { fieldRef: { fieldPath: "metadata.labels['team']" } } },
              ],
            },
          ],
        },
      }),
    );
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: "[s/main] up\n[s/main] yes a\n[s/main] buildkite-agent version 3.136.2\n",
    });
  });

  test("config maps, secrets and claims are given on the command line", async () => {
    lab.write({ "cm/key": "from a file", "sec.env": "PASSWORD=from-the-secret\n" });
    mkdirSync(join(lab.folder, "claimed"), { recursive: true });
    const { code, stdout } = await lab.run(
      step("cat /cm/key; echo; echo $$PASSWORD | wc -c; echo kept > /claim/f", {
        podSpec: {
          volumes: [
            { name: "cm", configMap: { name: "my-config" } },
            { name: "claim", persistentVolumeClaim: { claimName: "my-claim" } },
          ],
          containers: [
            {
              name: "main",
              image,
              envFrom: [{ secretRef: { name: "my-secret" } }],
              volumeMounts: [
                { name: "cm", mountPath: "/cm" },
                { name: "claim", mountPath: "/claim" },
              ],
            },
          ],
        },
      }),
      ["--config-map", "my-config=cm", "--secret", "my-secret=sec.env", "--claim", "my-claim=../claimed"],
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: "[s] from a file\n[s] 16\n" });
    expect(readFileSync(join(lab.folder, "claimed/f"), "utf8")).toBe("kept\n");
  });

  test("a user without rights calls the agent, too, and owns what it downloads", async () => {
    const { code, stdout } = await lab.run(
      JSON.stringify([
        { label: "up", command: "buildkite-agent artifact upload a.txt" },
        "wait",
        {
          label: "down",
          command:
            "id -u; cd /tmp; buildkite-agent artifact download a.txt . && stat -c %u a.txt && buildkite-agent meta-data set k v",
          plugins: [
            { kubernetes: { podSpec: { containers: [{ name: "m", image, securityContext: { runAsUser: 1000 } }] } } },
          ],
        },
      ]),
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: "[down] 1000\n[down] 1000\n" });
  });

  test("a container's links lead the agent to no file of this machine", async () => {
    const { stdout } = await lab.run(
      step(
        "d=$$COOPER_AGENT_DIR/calls/1.1; mkdir $$d; ln -s /etc/hostname $$d/count; ln -s /etc/passwd $$d/arg.0; echo 1.1 > $$COOPER_AGENT_DIR/requests; until [ -e $$d/answered ]; do sleep 0.1; done; cat $$d/out $$d/err 2>/dev/null | grep -c root: ; ln -s /etc/passwd stolen; buildkite-agent artifact upload stolen; echo end",
        main(),
      ),
    );
    expect(stdout).toContain("[s] 0\n");
    // What it names is looked for where the container's links lead: into the tree that it sees.
    for (const name of ["stolen", "folder/shadow", "etc/shadow"]) {
      expect(existsSync(join(lab.project, "cooper-artifacts", name))).toBe(false);
    }
  });

  test("moby/buildkit is Cooper itself, as a user without rights too, and the real one with --real-images", async () => {
    lab.write({ Dockerfile: "FROM scratch\nCOPY --chown=5:6 a.txt /\n" });
    const build =
      "buildctl-daemonless.sh build --frontend dockerfile.v0 --local context=. --local dockerfile=. --progress=plain";
    const self = (tag: string, securityContext: object) => ({
      podSpec: { containers: [{ name: "main", image: `moby/buildkit:${tag}`, securityContext }] },
    });
    const rootless = await lab.run(step(build, self("rootless", { runAsUser: 1000, runAsGroup: 1000 })));
    expect(rootless).toMatchObject({ code: 0, stdout: expect.stringContaining("isolation: rootless") });
    expect(rootless.stdout).not.toContain("one user id only");
    await registry.push(busyboxImage(), "moby/buildkit", "fake");
    lab.write({
      "buildkitd.toml": `[registry."docker.io"]\nmirrors = ["${registry.host}"]\n[registry."${registry.host}"]\nhttp = true\n`,
    });
    const real = await lab.run(step("command -v buildctl || echo no buildctl", self("fake", {})), ["--real-images"], {
      BUILDKITD_FLAGS: `--config ${join(lab.project, "buildkitd.toml")}`,
    });
    expect(real).toMatchObject({ code: 0, stdout: "[s] no buildctl\n" });
  });

  test("pods with --network none have a loopback of their own", async () => {
    const { code, stdout } = await lab.run(step("ip -o link | wc -l; ip addr show lo | grep -c 127.0.0.1", main()), [
      "--network",
      "none",
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "[s] 1\n[s] 1\n" });
  });

  test.skipIf(spawnSync("slirp4netns", ["--version"]).status !== 0)(
    "pods with --network pod run at once and listen on the same port (skipped without slirp4netns)",
    async () => {
      const web = {
        ...{ name: "web", image, restartPolicy: "Always" },
        command: ["sh", "-c", "mkdir -p /tmp/w; echo ok > /tmp/w/ok; exec busybox httpd -f -p 8097 -h /tmp/w"],
        startupProbe: { httpGet: { port: 8097, path: "/ok" }, periodSeconds: 1, failureThreshold: 60 },
      };
      const job = (other: string, own: string) =>
        `touch ${own}; until [ -e ${other} ]; do sleep 0.1; done; busybox wget -qO- http://127.0.0.1:8097/ok`;
      const pods = [job("b.here", "a.here"), job("a.here", "b.here")].map((command, at) => ({
        label: `s${at}`,
        command,
        plugins: [
          {
            kubernetes: {
              podSpec: {
                initContainers: [web],
                terminationGracePeriodSeconds: 0,
                containers: [{ name: "main", image }],
              },
            },
          },
        ],
      }));
      const args = ["--network", "pod", "--parallel", "2"];
      const { code, stdout, stderr } = await lab.run(JSON.stringify({ steps: pods }), args);
      expect(code, stderr).toBe(0);
      expect(stdout.split("\n").sort()).toEqual(["", "[s0/main] ok", "[s1/main] ok"]);
    },
  );

  test("an OOM kill and a pod that cannot run are named", async () => {
    const oom = await lab.run(step("tail /dev/zero", main({ resources: { limits: { memory: "32Mi" } } })));
    expect(oom.code).toBe(137);
    expect(oom.stderr).toContain("OOMKilled: container main was killed at its memory limit of 33554432 bytes");
    const bad = await lab.run(step("true", main({ volumeMounts: [{ name: "none", mountPath: "/x" }] })));
    expect(bad.code).toBe(1);
    expect(bad.stderr).toMatch(
      /pipeline\.yml:1:\d+: containers\[0\]\.volumeMounts\[0\]\.name: there is no volume "none"/,
    );
    expect(bad.stderr).toContain("hint: add it to the pod's volumes");
  });
});

describe("cooper step run: ends", () => {
  const long = () => step("trap 'echo stopping; exit 9' TERM; touch started; while :; do sleep 0.05; done", main());
  const started = async () => {
    while (!existsSync(join(lab.project, "started"))) await pause(20);
  };

  test("Ctrl-C asks the command to stop, and leaves nothing", async () => {
    const child = lab.start(`${long()}`, []);
    const end = ended(child);
    await started();
    child.kill("SIGINT");
    const { code, stdout, stderr } = await end;
    expect(stdout).toContain("[s] stopping\n");
    expect(stderr).toContain("s: canceled with exit code 9");
    expect(code).toBe(130);
    expect(lab.leftovers()).toEqual([]);
  });

  test("after a kill the next run sweeps what was left", async () => {
    rmSync(join(lab.project, "started"));
    const child = lab.start(long(), []);
    const end = ended(child);
    await started();
    child.kill("SIGKILL");
    await end;
    expect((await lab.run("[{command: 'true'}]")).code).toBe(0);
    while (lab.leftovers().length > 0) await pause(100);
  });
});
