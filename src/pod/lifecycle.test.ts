import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quietScope } from "../kit/index.ts";
import { readPod } from "./read/read-pod.ts";
import { type Lab, podLab } from "./testing/index.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await podLab();
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

const sh = (name: string, script: string, more: object = {}) => ({
  name,
  image: "busybox",
  command: ["sh", "-c", script],
  ...more,
});
const exec = (script: string) => ({ exec: { command: ["sh", "-c", script] } });
const shared = { volumeMounts: [{ name: "s", mountPath: "/shared" }] };
const volumes = [{ name: "s", emptyDir: {} }];
/** Waits for what another process does, however busy the machine is. */
const until = (what: string) => `until ${what}; do sleep 0.05; done`;

describe("hooks", () => {
  test("postStart is done when the container has begun; the next container waits for a sidecar's", async () => {
    const { exitCode, log } = await lab.run({
      volumes,
      initContainers: [
        sh("db", until("false"), {
          ...shared,
          restartPolicy: "Always",
          lifecycle: { postStart: exec("sleep 0.3; echo schema > /shared/schema") },
        }),
      ],
      containers: [
        sh("main", `cat /shared/schema; ${until("test -e /shared/mine")}; echo mine`, {
          ...shared,
          lifecycle: { postStart: exec("touch /shared/mine") },
        }),
      ],
      terminationGracePeriodSeconds: 0,
    });
    expect({ exitCode, log }).toEqual({ exitCode: 0, log: "main: schema\nmain: mine\n" });
  });

  test("a postStart that fails stops its container, and the pod says so", async () => {
    const ran = await lab.run({
      containers: [sh("main", until("false"), { lifecycle: { postStart: exec("exit 3") } })],
      terminationGracePeriodSeconds: 0,
    });
    expect(ran).toMatchObject({
      exitCode: 137,
      reason: "Unhealthy",
      message: "container main was stopped: its postStart hook failed",
    });
  });

  test("preStop is done before a sidecar is asked to end, and not when a container ends by itself", async () => {
    const { exitCode, log } = await lab.run({
      volumes,
      initContainers: [
        sh("db", `trap 'cat /shared/order; exit 0' TERM; touch /shared/hears; ${until("false")}`, {
          ...shared,
          restartPolicy: "Always",
          lifecycle: { preStop: exec("echo flushed > /shared/order") },
        }),
      ],
      containers: [
        sh("main", `${until("test -e /shared/hears")}; echo work`, {
          ...shared,
          lifecycle: { preStop: exec("echo never > /shared/order") },
        }),
      ],
      terminationGracePeriodSeconds: 60,
    });
    expect({ exitCode, log }).toEqual({ exitCode: 0, log: "main: work\ndb: flushed\n" });
  });
});

describe("a liveness probe", () => {
  test("that fails as often as it may stops the container", async () => {
    const ran = await lab.run({
      volumes,
      containers: [
        sh("main", `trap 'echo asked; exit 7' TERM; echo up; touch /shared/x; ${until("false")}`, {
          ...shared,
          livenessProbe: { ...exec("test ! -e /shared/x"), periodSeconds: 1, failureThreshold: 2 },
        }),
      ],
      terminationGracePeriodSeconds: 60,
    });
    expect(ran).toMatchObject({
      exitCode: 7,
      reason: "Unhealthy",
      message: "container main was stopped: its liveness probe failed 2 times",
      log: "main: up\nmain: asked\n",
    });
  });

  test("of a sidecar has it started again", async () => {
    const { exitCode, events } = await lab.run({
      volumes,
      initContainers: [
        sh("db", `echo x >> /shared/starts; touch /shared/healthy; ${until("false")}`, {
          ...shared,
          restartPolicy: "Always",
          livenessProbe: { ...exec("test -e /shared/healthy"), periodSeconds: 1, failureThreshold: 1 },
        }),
      ],
      containers: [
        sh(
          "main",
          `${until("test -e /shared/starts")}; rm -f /shared/healthy; ${until("[ $(wc -l < /shared/starts) -ge 2 ]")}`,
          shared,
        ),
      ],
      terminationGracePeriodSeconds: 0,
    });
    expect(exitCode).toBe(0);
    expect(events).toContain("container db is stopped: its liveness probe failed 1 times");
  });
});

describe("a sidecar that does not come up", () => {
  const startupProbe = { ...exec("test -e /tmp/up"), periodSeconds: 1, failureThreshold: 2 };
  const sidecar = (script: string) =>
    sh("db", `echo x >> /shared/starts; ${script}`, { ...shared, restartPolicy: "Always", startupProbe });

  test("is started again, and what comes after waits for that; a readiness probe says nothing of it", async () => {
    const second = `[ $(wc -l < /shared/starts) = 2 ] && touch /tmp/up; ${until("false")}`;
    const notReady = { ...sidecar(second), readinessProbe: exec("false") };
    const { exitCode, log, events } = await lab.run({
      volumes,
      initContainers: [notReady],
      containers: [sh("main", "wc -l < /shared/starts", shared)],
      terminationGracePeriodSeconds: 0,
    });
    expect({ exitCode, log }).toEqual({ exitCode: 0, log: "main: 2\n" });
    expect(events).toContain('sidecar "db" did not come up: its startup probe failed 2 times: starting it again');
  });

  test("fails the pod when it has been started three times", async () => {
    const pod = { volumes, initContainers: [sidecar("exit 4")], containers: [sh("main", "echo never")] };
    await expect(lab.run(pod)).rejects.toMatchObject({
      code: "pod/not-up",
      message: 'sidecar "db" did not come up: it ended with exit code 4',
    });
  });

  test("is not waited for when the pod is stopped", async () => {
    const stopping = new AbortController();
    const event = ({ kind }: { kind: string }) => void (kind === "started" && stopping.abort(new Error("enough")));
    const pod = {
      volumes,
      initContainers: [{ ...sidecar(until("false")), startupProbe: { ...startupProbe, failureThreshold: 1000 } }],
      containers: [sh("main", "echo never")],
      terminationGracePeriodSeconds: 0,
    };
    await expect(lab.run(pod, { event }, { ...quietScope, signal: stopping.signal })).rejects.toThrow("enough");
  });
});

test("checks look from inside of the pod's own network, and ports have names", async () => {
  const page = { httpGet: { port: "web", path: "ok" }, periodSeconds: 1, failureThreshold: 60 };
  const { exitCode, log } = await lab.run(
    {
      initContainers: [
        sh("web", "mkdir /tmp/w; echo yes > /tmp/w/ok; exec httpd -f -p 8099 -h /tmp/w", {
          restartPolicy: "Always",
          ports: [{ name: "web", containerPort: 8099 }],
          startupProbe: page,
        }),
      ],
      containers: [sh("main", "wget -q -O - http://127.0.0.1:8099/ok")],
      terminationGracePeriodSeconds: 0,
    },
    { network: "none" },
  );
  expect({ exitCode, log }).toEqual({ exitCode: 0, log: "main: yes\n" });
});

test("a port that nobody has named is an error with its place", () => {
  const container = { name: "a", image: "b", livenessProbe: { httpGet: { port: "web" } } };
  expect(readPod({ containers: [container] }).problems.map(({ message }) => message)).toEqual([
    'containers[0].livenessProbe.httpGet.port: there is no port "web"',
  ]);
});
