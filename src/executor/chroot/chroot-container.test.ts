import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { quietScope } from "../../kit/index.ts";
import type { Container, ContainerProcess, ContainerSpec, RunningProcess } from "../contract.ts";
import { makeBusyboxRootfs, plainContainer, plainStep } from "../testing/index.ts";
import { ChrootExecutor } from "./chroot-executor.ts";

let folder = "";
let rootfs = "";
let executor: ChrootExecutor;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-chroot-box-"));
  rootfs = join(folder, "snapshot/fs");
  makeBusyboxRootfs(rootfs);
  chmodSync(join(rootfs, "tmp"), 0o1777);
  executor = new ChrootExecutor({ stateDir: join(folder, "state"), networkMode: "auto" });
});
afterEach(async () => {
  await executor[Symbol.asyncDispose]();
  expect(readdirSync(join(folder, "state"))).toEqual([]);
  expect(readdirSync(join(folder, "snapshot")).filter((name) => name.startsWith("aside"))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

function open(more: Partial<ContainerSpec> = {}, signal = quietScope.signal): Promise<Container> {
  return executor.open({ ...plainContainer(rootfs), ...more }, { ...quietScope, signal });
}
const script = (text: string, more: Partial<ContainerProcess> = {}): ContainerProcess => ({
  ...plainStep(rootfs, ["/bin/sh", "-c", text]),
  stdin: false,
  removeMountStubs: true,
  ...more,
});
async function outcome(running: RunningProcess) {
  const [out, err] = await Promise.all([text(running.stdout), running.stderr ? text(running.stderr) : ""]);
  return { ...(await running.exit), out, err };
}

/** Reads until the text is there; what comes later stays in the stream. */
async function readUntil(stream: Readable, wanted: string): Promise<string> {
  let seen = "";
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    seen += String(chunk);
    if (seen.includes(wanted)) break;
  }
  return seen;
}

describe("a container by chroot", () => {
  test("passes input, output and exit code on, byte by byte; /dev/stdout and /dev/stderr are the first process's", async () => {
    await using container = await open();
    const words = "cat; echo err >&2; echo named > /dev/stderr; exit 3";
    const running = await container.start(script(words, { stdin: true }), quietScope);
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 256));
    running.stdin?.end(bytes);
    const got: Buffer[] = [];
    for await (const chunk of running.stdout) got.push(chunk as Buffer);
    expect(Buffer.concat(got).equals(bytes)).toBe(true);
    expect((await text(running.stderr as Readable)).split("\n").sort()).toEqual(["", "err", "named"]);
    expect(await running.exit).toEqual({ exitCode: 3 });
  });

  test("later processes join the first, as other users; they end with it, and nothing of it stays in the tree", async () => {
    const before = readdirSync(rootfs);
    await using container = await open();
    const first = await container.start(script("echo first > /tmp/first; echo up; cat", { stdin: true }), quietScope);
    await readUntil(first.stdout, "up");
    const change = { user: "ann", cwd: "/tmp", env: ["PATH=/bin", "WHO=me"] };
    const joined = await container.start(script("cat first; id -u; pwd; echo $WHO; exit 7", change), quietScope);
    expect(await outcome(joined)).toEqual({ exitCode: 7, out: "first\n1000\n/tmp\nme\n", err: "" });
    const idle = await container.start(script("trap '' TERM; sleep 1000 & sleep 1000"), quietScope);
    first.stdin?.end();
    expect((await first.exit).exitCode).toBe(0);
    expect((await idle.exit).exitCode).toBe(137);
    await expect(container.start(script("true"), quietScope)).rejects.toMatchObject({ code: "executor/start-failed" });
    await container[Symbol.asyncDispose]();
    expect(readdirSync(join(rootfs, "dev"))).toEqual([]);
    expect(readdirSync(rootfs).sort()).toEqual([...new Set([...before, "dev", "proc", "sys"])].sort());
  });

  test.each(["first", "joined"])("a %s process has a terminal of its own: size, Ctrl-C, /dev/tty", async (which) => {
    await using container = await open();
    if (which === "joined") {
      const first = await container.start(script("echo up; sleep 1000"), quietScope);
      await readUntil(first.stdout, "up");
    }
    const words = `[ -t 0 ] && stty size; trap 'stty size' WINCH; trap 'echo interrupted; exit 5' INT; echo tty > /dev/tty; echo ready; while :; do sleep 0.1; done`;
    const terminal = { columns: 100, rows: 30 };
    const running = await container.start(script(words, { stdin: true, terminal, user: "ann" }), quietScope);
    expect(running.stderr).toBeUndefined();
    expect(await readUntil(running.stdout, "ready")).toBe("30 100\r\ntty\r\nready\r\n");
    running.resize({ columns: 132, rows: 43 });
    await readUntil(running.stdout, "43 132\r\n");
    running.stdin?.write("\u0003");
    await readUntil(running.stdout, "interrupted");
    expect(await running.exit).toEqual({ exitCode: 5 });
    running.resize({ columns: 1, rows: 1 });
    expect(await text(running.stdout)).toBe("");
  });

  test("signals reach the process, not what it started; an unknown one is refused", async () => {
    await using container = await open();
    const running = await container.start(
      script("trap 'exit 9' USR1; echo up; while :; do sleep 0.1; done"),
      quietScope,
    );
    await readUntil(running.stdout, "up");
    expect(() => running.signal("SIGNOTHING")).toThrow();
    running.signal("SIGUSR1");
    expect(await running.exit).toEqual({ exitCode: 9 });
  });

  test("cancelled, or given back: all of it ends; mounts are where they were", async () => {
    const source = join(folder, "snapshot/source");
    mkdirSync(source);
    writeFileSync(join(source, "in"), "in");
    const mounts = [{ kind: "bind" as const, source, target: "/m", readonly: false }];
    const controller = new AbortController();
    {
      await using container = await open({ mounts }, controller.signal);
      const running = await container.start(script("cat /m/in; echo new > /m/new; echo up; sleep 1000"), quietScope);
      expect(await readUntil(running.stdout, "up")).toBe("inup\n");
      expect(container.placeOf?.(source)).toBe(join(rootfs, "m"));
      expect(existsSync(source)).toBe(false);
      controller.abort(new Error("enough"));
      await expect(running.exit).rejects.toMatchObject({ code: "executor/cancelled" });
    }
    expect(readFileSync(join(source, "new"), "utf8")).toBe("new\n");
    await using unused = await open();
    expect(unused.placeOf?.("/x")).toBe("/x");
  });

  test("a command that is not there: its exit says so, in runc's words", async () => {
    await using container = await open();
    const running = await container.start(script("", { args: ["nothing"] }), quietScope);
    await expect(running.exit).rejects.toMatchObject({
      code: "executor/start-failed",
      message: expect.stringContaining('exec: "nothing": executable file not found in $PATH'),
    });
  });

  test("without network: only a loopback, which is up", async () => {
    await using container = await open({ network: "none" });
    const b = "/bin/busybox";
    const words = `${b} ip -o link | ${b} wc -l; ${b} ip -o addr | ${b} grep -c 'lo.*127.0.0.1'; ${b} nc -w1 192.0.2.1 9 2>&1`;
    const { out } = await outcome(await container.start(script(words), quietScope));
    expect(out).toMatch(/^1\n1\n.*unreachable/);
  });
});
