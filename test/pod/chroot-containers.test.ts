/** What a build does in containers that are talked to, and without network, where there is nothing but chroot: as root with a container's default capabilities. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { frontendImage } from "../support/frontend-image.ts";
import { PodLab } from "../support/pod-lab.ts";
import { startRegistry, type TestRegistry } from "../support/registry.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
  const labels = {
    "moby.buildkit.frontend.caps": "moby.buildkit.frontend.inputs",
    "moby.buildkit.frontend.network.none": "true",
  };
  await registry.push(await frontendImage(labels), "test/frontend", "1");
}, 60_000);
afterAll(() => registry[Symbol.asyncDispose]());

const syntax = { Dockerfile: "# syntax=test/frontend:1\nFROM nothing-of-this-counts\n" };

test("baseline: a frontend image runs, hands over to the Dockerfile frontend, and runs processes, on a terminal too", async () => {
  using lab = new PodLab("baseline", registry).write({
    ...syntax,
    Inner: "FROM busybox\nRUN echo made > /made\n",
  });
  const forwarded = await lab.build(["--opt", "do=forward"]);
  expect(forwarded.log).toContain("[internal] isolation: chroot");
  expect(forwarded.code, forwarded.log).toBe(0);
  expect(forwarded.text("made")).toBe("made\n");
  const onTerminal = await lab.build([
    "--opt",
    "do=container",
    "--opt",
    "tty=1",
    "--opt",
    "base=docker.io/library/busybox",
  ]);
  expect(onTerminal.code, onTerminal.log).toBe(0);
  expect(onTerminal.text("said")).toBe("on a terminal\r\nfrom inside\r\n");
  expect(lab.leftovers()).toBe("");
});

test("baseline: a frontend that fails says so, one that hangs ends with the build", async () => {
  using lab = new PodLab("baseline", registry).write(syntax);
  const failed = await lab.build(["--opt", "do=exit"]);
  expect(failed.code).toBe(1);
  expect(failed.log).toContain("exit code: 7");
  expect(failed.log).toContain("something is wrong");
  const { child, done } = lab.start(["--opt", "do=hang"]);
  await new Promise<void>((resolve) => {
    child.stderr?.on("data", (chunk: Buffer) => String(chunk).includes("test/frontend") && resolve());
    child.once("exit", () => resolve());
  });
  child.kill("SIGTERM");
  expect((await done).code).not.toBe(0);
  expect(lab.leftovers()).toBe("");
});

const offline = {
  Dockerfile: `FROM busybox
RUN --network=none ls /sys/class/net 2> /dev/null; ip -o link | wc -l > /links; ping -c1 127.0.0.1 > /dev/null && echo up > /up; id -u > /who; chown 12:34 /up
`,
};

test("a step without network: refused under the default filter, with what is missing and the pod's setting", async () => {
  using lab = new PodLab("baseline", registry).write(offline);
  const refused = await lab.build();
  expect(refused.code).toBe(1);
  expect(refused.log).toMatch(
    /cannot run the step without network: no network namespace can be made here: .*not permitted/,
  );
  expect(refused.log).toContain("securityContext.seccompProfile.type: Unconfined");
  expect(refused.log).toContain("RUN --network=none");
});

test.each([
  ["root with the default capabilities, no filter", "baseline", { unfiltered: true }],
  ["a privileged pod", "privileged", {}],
] as const)("a step without network, by chroot: %s", async (_, rights, surroundings) => {
  using lab = new PodLab(rights, registry, surroundings).write(offline);
  const built = await lab.build(["--isolation=chroot"]);
  expect(built.code, built.log).toBe(0);
  expect([built.text("links"), built.text("up"), built.text("who")]).toEqual(["1\n", "up\n", "0\n"]);
  expect(built.tree.find((line) => line.endsWith(" up"))).toContain("12/34");
  expect(lab.leftovers()).toBe("");
});
