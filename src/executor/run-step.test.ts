import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { quietScope } from "../kit/index.ts";
import type { Executor, Step } from "./contract.ts";
import { createExecutor } from "./create-executor.ts";
import { crunAnywhere, makeBusyboxRootfs, plainStep } from "./testing/index.ts";

const base = mkdtempSync(join(tmpdir(), "cooper-executor-"));
const rootfs = makeBusyboxRootfs(join(base, "rootfs"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe.each([
  ["runc", () => "runc"],
  ["crun", () => crunAnywhere(base)],
])("a step in %s", (name, binary) => {
  const stateDir = join(base, `state-${name}`);
  let executor: Executor;
  beforeAll(async () => {
    executor = await createExecutor({ stateDir, binary: binary(), networkMode: "auto" }, quietScope);
  });
  afterAll(async () => {
    await executor[Symbol.asyncDispose]();
    expect(readdirSync(stateDir)).toEqual(["runtimes.json"]);
  });
  const run = async (args: readonly string[], more: Partial<Step> = {}) => {
    let out = "";
    let err = "";
    const output = (stream: 1 | 2, chunk: Uint8Array) => {
      if (stream === 1) out += Buffer.from(chunk).toString();
      else err += Buffer.from(chunk).toString();
    };
    const { exitCode } = await executor.run({ ...plainStep(rootfs.path, args), ...more }, output, quietScope);
    return { exitCode, out, err };
  };
  const sh = (script: string, more: Partial<Step> = {}) => run(["/bin/sh", "-c", script], more);

  test("tells its output by stream and its exit code exactly", async () => {
    expect(await sh("echo out; echo err >&2; exit 42")).toEqual({ exitCode: 42, out: "out\n", err: "err\n" });
    expect((await sh("sh -c 'kill -9 $$'; exit $?")).exitCode).toBe(137);
    expect((await run(["/bin/true"])).exitCode).toBe(0);
  });

  test("has the default environment: one process, host name, resolver, no new rights", async () => {
    const { out } = await sh(
      "hostname; echo $$; tail -1 /etc/hosts; grep -c CapEff /proc/self/status || cat /proc/self/status",
    );
    expect(out).toContain("buildkitsandbox\n1\n");
    expect((await sh("cat /proc/self/status")).out).toMatch(/CapEff:\s+00000000a80425fb\n/);
    expect((await sh("cat /proc/self/status")).out).toMatch(/Seccomp:\s+2\n/);
    expect((await sh("mount -t tmpfs x /tmp")).exitCode).not.toBe(0);
    expect((await sh("echo 1 > /proc/sys/vm/drop_caches")).exitCode).not.toBe(0);
    expect((await sh("echo x > /dev/stdout; echo y > /dev/stderr")).out).toBe("x\n");
  });

  test("runs as the user that is asked for, in its working directory, which is made", async () => {
    const { out } = await sh("id; pwd; stat -c %u:%g .", { user: "ann", cwd: "/new/dir" });
    expect(out).toBe("uid=1000(ann) gid=1001(ann) groups=29(audio),44(video),1001(ann)\n/new/dir\n1000:1001\n");
    rmSync(join(rootfs.path, "new"), { recursive: true });
    await expect(run(["/bin/true"], { user: "eve" })).rejects.toThrow("unable to find user eve");
  });

  test("sees its mounts, and their stubs are gone afterwards", async () => {
    const source = join(base, `source-${name}`);
    mkdirSync(source);
    writeFileSync(join(source, "f"), "hello");
    utimesSync(rootfs.path, 1000, 1000);
    const mounts = [
      { kind: "bind", source, target: "/m/deep", readonly: true },
      { kind: "bind", source, target: "/rw", readonly: false },
      { kind: "tmpfs", target: "/dev/shm", sizeBytes: 4096 },
    ] as const;
    const script =
      "cat /m/deep/f; touch /m/deep/x || echo ro; touch /rw/y; head -c 9000 /dev/zero > /dev/shm/z || echo full";
    const { out } = await sh(script, { mounts, removeMountStubs: true });
    expect(out).toBe("helloro\nfull\n");
    expect(existsSync(join(source, "y"))).toBe(true);
    expect(existsSync(join(rootfs.path, "m"))).toBe(false);
    expect(existsSync(join(rootfs.path, "rw"))).toBe(false);
    expect(readdirSync(join(rootfs.path, "etc")).sort()).toEqual(["group", "passwd"]);
  });

  test("has no network but a loopback when told", async () => {
    const { out } = await sh("ls /sys/class/net; ifconfig lo", { network: "none" });
    expect(out).toMatch(/^lo\n/);
    expect(out).toContain("127.0.0.1");
  });

  test("gets host name, extra hosts, limits and a read-only root", async () => {
    const { out } = await sh("hostname; tail -1 /etc/hosts; ulimit -n; touch /x || echo ro", {
      hostname: "box",
      extraHosts: [{ host: "db", ip: "10.0.0.9" }],
      ulimits: [{ name: "nofile", soft: 100, hard: 100 }],
      readonlyRootfs: true,
    });
    expect(out).toBe("box\n10.0.0.9\tdb\n100\nro\n");
  });

  test("that cannot start fails with the runtime's words", async () => {
    await expect(run(["/nope"])).rejects.toMatchObject({ code: "executor/start-failed" });
    await expect(run(["nope"])).rejects.toThrow(/executable file .*not found in \$PATH/);
    await expect(run(["/bin/true"], { ulimits: [{ name: "nofile", soft: 1, hard: 2 ** 40 }] })).rejects.toMatchObject({
      code: "executor/no-permission",
      hint: expect.stringContaining("CAP_SYS_RESOURCE"),
    });
  });

  test("is killed as a whole when cancelled, also while it is being started", async () => {
    // Nobody else's sleeps.
    const seconds = 6_000_000 + process.pid;
    for (const delay of [0, 15, 150]) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error("enough")), delay);
      const scope = { signal: controller.signal, log: () => {} };
      const script = `(sleep ${seconds} &); trap '' TERM INT; sleep ${seconds}`;
      const step = plainStep(rootfs.path, ["/bin/sh", "-c", script]);
      await expect(executor.run(step, () => {}, scope)).rejects.toMatchObject({ code: "executor/cancelled" });
    }
    expect(processesWith(`sleep\0${seconds}\0`)).toEqual([]);
  });

  test("may end by itself at the very moment at which it is to be killed", async () => {
    const controller = new AbortController();
    const kill = vi.spyOn(process, "kill").mockImplementation((pid, signal) => {
      kill.mockRestore();
      process.kill(pid, signal);
      throw Object.assign(new Error("kill ESRCH"), { code: "ESRCH" });
    });
    const step = plainStep(rootfs.path, ["/bin/sh", "-c", "echo begun; sleep 1000"]);
    const running = executor.run(step, () => controller.abort(new Error("enough")), {
      signal: controller.signal,
      log: () => {},
    });
    await expect(running).rejects.toMatchObject({ code: "executor/cancelled" });
    expect(vi.isMockFunction(process.kill)).toBe(false);
  });

  test("puts through much output whole", async () => {
    const { out } = await sh("seq 1 200000");
    expect(out.length).toBe(1288895);
    expect(out.endsWith("\n199999\n200000\n")).toBe(true);
  });

  test("several at once do not disturb each other", async () => {
    const results = await Promise.all([1, 2, 3, 4].map((number) => sh(`sleep 0.1; exit ${number}`)));
    expect(results.map((result) => result.exitCode)).toEqual([1, 2, 3, 4]);
  });
});

function processesWith(text: string): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").startsWith(text);
    } catch {
      return false;
    }
  });
}
