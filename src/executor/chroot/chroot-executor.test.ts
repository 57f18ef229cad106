import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Step } from "../contract.ts";
import { processesOf } from "../processes/end-processes.ts";
import { makeBusyboxRootfs, plainStep } from "../testing/index.ts";
import { ChrootExecutor } from "./chroot-executor.ts";

let folder = "";
let rootfs = "";
let executor: ChrootExecutor;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-chroot-"));
  rootfs = join(folder, "snapshot/fs");
  makeBusyboxRootfs(rootfs);
  chmodSync(join(rootfs, "tmp"), 0o1777);
  executor = new ChrootExecutor({ stateDir: join(folder, "state"), networkMode: "auto" });
});
afterEach(async () => {
  await executor[Symbol.asyncDispose]();
  expect(readdirSync(join(folder, "state"))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

const scope = () => ({ signal: new AbortController().signal, log: () => {} });

async function run(script: string, change: Partial<Step> = {}, signal?: AbortSignal) {
  const out: Record<1 | 2, string> = { 1: "", 2: "" };
  const step = { ...plainStep(rootfs, ["/bin/sh", "-c", script]), ...change };
  const { exitCode } = await executor.run(
    step,
    (stream, chunk) => {
      out[stream] += Buffer.from(chunk).toString();
    },
    signal === undefined ? scope() : { ...scope(), signal },
  );
  return { exitCode, out: out[1], err: out[2] };
}

/** Processes of this executor's steps: tests elsewhere on the machine have some, too. */
function ownProcesses(): number[] {
  const state = join(folder, "state");
  const [owner] = existsSync(state) ? readdirSync(state).map((name) => join(state, name, "cookie")) : [];
  return owner !== undefined && existsSync(owner) ? processesOf(`${readFileSync(owner, "utf8")}\\d{6}`) : [];
}

/** Everything in the tree with kind, mode, owner and time. */
function listing(): string {
  return execFileSync("find", [rootfs, "-printf", "%P %y %m %U:%G %T@ %l\n"], { encoding: "utf8" });
}

describe("a step in a chroot", () => {
  test("sees its tree only; output, exit code, environment, folder", async () => {
    const { exitCode, out, err } = await run("ls /; pwd; echo $WORD >&2; exit 3", {
      cwd: "/home/ann",
      env: ["PATH=/bin", "WORD=x"],
    });
    expect(exitCode).toBe(3);
    expect(out.split("\n")).toEqual(["bin", "dev", "etc", "home", "proc", "sys", "tmp", "/home/ann", ""]);
    expect(err).toBe("x\n");
  });

  test("user, groups, umask, limits, no more capabilities than a container has", async () => {
    expect((await run("id; umask; touch /tmp/f", { user: "ann" })).out).toBe(
      "uid=1000(ann) gid=1001(ann) groups=29(audio),44(video),1001(ann)\n0022\n",
    );
    expect(statSync(join(rootfs, "tmp/f")).uid).toBe(1000);
    expect((await run("ulimit -n", { ulimits: [{ name: "nofile", soft: 123, hard: 456 }] })).out).toBe("123\n");
    expect((await run("mount -t tmpfs none /tmp || echo refused; kill -PIPE $$; echo alive")).out).toBe("refused\n");
  });

  test("a tree that it did not change is as it was, to the nanosecond", async () => {
    for (const name of ["dev", "proc", "sys", "etc", "home/ann"]) {
      mkdirSync(join(rootfs, name), { recursive: true });
      writeFileSync(join(rootfs, name, "kept"), "kept");
    }
    writeFileSync(join(rootfs, "etc/hosts"), "mine");
    symlinkSync("../run/resolv.conf", join(rootfs, "etc/resolv.conf"));
    for (const name of ["", "dev", "proc", "sys", "etc", "home/ann"]) utimesSync(join(rootfs, name), 1, 2);
    const before = listing();
    const cache = join(folder, "snapshot/cache");
    mkdirSync(cache);
    const script = "echo new > /home/ann/c; cat /etc/hosts; echo > /dev/null; ls /proc/self";
    const { out } = await run(script, {
      mounts: [{ kind: "bind", source: cache, target: "/home/ann", readonly: false }],
      removeMountStubs: true,
    });
    expect(out).toContain("buildkitsandbox");
    expect(listing()).toBe(before);
    expect(readFileSync(join(cache, "c"), "utf8")).toBe("new\n");
  });

  test("devices work; writing to /dev/stdout and /dev/stderr is output", async () => {
    const script =
      "head -c 4 /dev/zero | wc -c; echo a > /dev/null; cat /dev/null; echo out > /dev/stdout; echo err > /dev/stderr; head -c 3 /dev/urandom | wc -c";
    const { out, err } = await run(script, { user: "ann" });
    expect(out.split("\n").sort()).toEqual(["", "3", "4", "out"]);
    expect(err).toBe("err\n");
  });

  test("mounts: moved in and back, also when the step moves or deletes them; nested; twice; files; sockets; tmpfs", async () => {
    const sources = ["a", "b", "gone"].map((name) => join(folder, "snapshot", name));
    for (const source of sources) mkdirSync(source);
    const [a = "", b = "", gone = ""] = sources;
    writeFileSync(join(a, "in-a"), "A");
    writeFileSync(join(gone, "x"), "");
    const file = join(folder, "snapshot/file");
    writeFileSync(file, "secret");
    const socket = join(folder, "snapshot/socket");
    const server = createServer((client) => client.end("hello")).listen(socket);
    await new Promise((resolve) => server.once("listening", resolve));
    const bind = (source: string, target: string) => ({ kind: "bind" as const, source, target, readonly: false });
    const script =
      "cat /m/in-a /run/secrets/s; ls /m/b; echo b > /m/b/in-b; cat /again/in-a; [ -S /run/agent ] && echo socket; [ -d /t ] && touch /t/x; mv /m/b /m/moved; rm -r /gone";
    const { out } = await run(script, {
      mounts: [
        bind(b, "/m/b"),
        bind(a, "/m"),
        bind(a, "/again"),
        bind(gone, "/gone"),
        bind(file, "/run/secrets/s"),
        bind(socket, "/run/agent"),
        { kind: "tmpfs", target: "/t" },
      ],
      removeMountStubs: true,
    });
    await new Promise((resolve) => server.close(resolve));
    expect(out).toBe("AsecretAsocket\n");
    expect(readdirSync(a)).toEqual(["in-a"]);
    expect(readFileSync(join(b, "in-b"), "utf8")).toBe("b\n");
    expect(readdirSync(gone)).toEqual([]);
    expect(readFileSync(file, "utf8")).toBe("secret");
    expect(readdirSync(rootfs).sort()).toEqual(["bin", "dev", "etc", "home", "proc", "sys", "tmp"]);
    expect(readdirSync(join(folder, "snapshot"))).not.toContain("aside-0");
  });

  test("links that a step puts where something was placed lead nobody out of the tree", async () => {
    const outside = join(folder, "outside");
    mkdirSync(outside);
    for (const name of ["hosts", "resolv.conf", "null"]) writeFileSync(join(outside, name), "outside");
    const cache = join(folder, "snapshot/cache");
    mkdirSync(cache);
    const mounts = [{ kind: "bind" as const, source: cache, target: "/home/c", readonly: false }];
    const script = `touch /home/c/x; for d in etc dev home; do rm -rf /was-$d; mv /$d /was-$d; ln -s ${outside} /$d; done`;
    await run(script, { mounts, removeMountStubs: true });
    expect(readdirSync(outside).sort()).toEqual(["hosts", "null", "resolv.conf"]);
    expect(readFileSync(join(outside, "hosts"), "utf8")).toBe("outside");
    expect(readdirSync(cache)).toEqual(["x"]);
  });

  test("processes that it leaves behind are ended, whoever they are and whatever their parent", async () => {
    const started = Date.now();
    await run("(setsid sleep 1000 & ) ; sleep 1000 & (trap '' TERM HUP; while :; do sleep 1; done) &", { user: "ann" });
    await run("sleep 1000 & disown; exit 1");
    expect(Date.now() - started).toBeLessThan(60_000);
    expect(ownProcesses()).toEqual([]);
  });

  test("killed from outside: 137, and nothing of it stays", async () => {
    const before = listing().length;
    const running = run("sleep 1000 & sleep 1000; true");
    const shells = () =>
      ownProcesses().filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1").startsWith("/bin/sh\0"));
    await expect.poll(() => [ownProcesses().length, shells().length], { timeout: 120_000 }).toEqual([3, 1]);
    process.kill(shells()[0] ?? 0, "SIGKILL");
    expect((await running).exitCode).toBe(137);
    expect(ownProcesses()).toEqual([]);
    expect(listing().length).toBeGreaterThan(before);
    expect(readdirSync(join(rootfs, "dev"))).toEqual([]);
  });

  test("a command that is not there, one that cannot be run, a folder that is a file: in runc's words", async () => {
    const failure = async (args: string[], change: Partial<Step> = {}) =>
      run("", { args, ...change }).then(
        () => "no error",
        (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
      );
    const prefix = "executor/start-failed: unable to start container process: ";
    expect(await failure(["nothing"])).toBe(`${prefix}exec: "nothing": executable file not found in $PATH`);
    expect(await failure(["/bin/nothing"])).toBe(
      `${prefix}exec: "/bin/nothing": stat /bin/nothing: no such file or directory`,
    );
    writeFileSync(join(rootfs, "bin/text"), "no program");
    chmodSync(join(rootfs, "bin/text"), 0o755);
    expect(await failure(["text"])).toBe(`${prefix}exec: "text": exec format error`);
    expect(await failure(["sh"], { user: "nobody" })).toBe(
      "executor/no-user: unable to find user nobody: no matching entries in passwd file",
    );
  });

  test("cancelled: all of it ends, and the tree is as it was", async () => {
    const before = readdirSync(rootfs).sort();
    const controller = new AbortController();
    const running = run("sleep 1000 & sleep 1000", {}, controller.signal);
    const timer = setTimeout(() => controller.abort(new Error("enough")), 500);
    await expect(running).rejects.toMatchObject({ code: "executor/cancelled" });
    clearTimeout(timer);
    expect(readdirSync(rootfs).sort()).toEqual([...before, "dev", "proc", "sys"].sort());
    expect(ownProcesses()).toEqual([]);
    expect(lstatSync(join(rootfs, "dev")).isDirectory() && existsSync(join(rootfs, "dev/null"))).toBe(false);
  });
});
