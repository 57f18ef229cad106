import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quietScope } from "../kit/index.ts";
import type { Container, ContainerProcess, Executor, RunningProcess } from "./contract.ts";
import { createExecutor } from "./create-executor.ts";
import { crunAnywhere, makeBusyboxRootfs, plainContainer, plainStep } from "./testing/index.ts";

const base = mkdtempSync(join(tmpdir(), "cooper-container-"));
const rootfs = makeBusyboxRootfs(join(base, "rootfs"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Reads until the text is there; what comes later stays in the stream. */
async function readUntil(stream: Readable, wanted: string | RegExp): Promise<string> {
  let seen = "";
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    seen += String(chunk);
    if (seen.search(wanted) >= 0) break;
  }
  return seen;
}

describe.each([
  ["runc", () => "runc"],
  ["crun", () => crunAnywhere(base)],
])("a container of %s", (name, binary) => {
  const stateDir = join(base, `state-${name}`);
  let executor: Executor;
  beforeAll(async () => {
    executor = await createExecutor({ stateDir, binary: binary(), networkMode: "auto" }, quietScope);
  });
  afterAll(async () => {
    await executor[Symbol.asyncDispose]();
    expect(readdirSync(stateDir)).toEqual(["runtimes.json"]);
  });
  const open = (signal = quietScope.signal): Promise<Container> =>
    executor.open(plainContainer(rootfs.path), { ...quietScope, signal });
  const process = (script: string, more: Partial<ContainerProcess> = {}): ContainerProcess => ({
    ...plainStep(rootfs.path, ["/bin/sh", "-c", script]),
    stdin: false,
    ...more,
  });
  const outcome = async (running: RunningProcess) => {
    const [out, err] = await Promise.all([text(running.stdout), running.stderr ? text(running.stderr) : ""]);
    return { ...(await running.exit), out, err };
  };

  test("passes input, output and exit code on, byte by byte", async () => {
    await using container = await open();
    const running = await container.start(process("cat; echo err >&2; exit 3", { stdin: true }), quietScope);
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256));
    running.stdin?.end(bytes);
    const got: Buffer[] = [];
    for await (const chunk of running.stdout) got.push(chunk as Buffer);
    expect(Buffer.concat(got).equals(bytes)).toBe(true);
    expect(await text(running.stderr as Readable)).toBe("err\n");
    expect(await running.exit).toEqual({ exitCode: 3 });
  });

  test("lets later processes join the first, as other users and with what they write seen by all", async () => {
    await using container = await open();
    const init = await container.start(process("echo first > /tmp/first; echo up; cat", { stdin: true }), quietScope);
    await readUntil(init.stdout, "up\n");
    const joined = await container.start(
      process("cat /tmp/first; id -u; pwd; echo $WHO; exit 7", {
        user: "ann",
        cwd: "/tmp",
        env: ["PATH=/bin", "WHO=me"],
      }),
      quietScope,
    );
    expect(await outcome(joined)).toEqual({ exitCode: 7, out: "first\n1000\n/tmp\nme\n", err: "" });
    init.stdin?.end();
    expect((await init.exit).exitCode).toBe(0);
    await expect(container.start(process("true"), quietScope)).rejects.toMatchObject({ code: "executor/start-failed" });
  });

  test.each(["first", "joined"])("gives a %s process a terminal of the size that is asked for", async (which) => {
    await using container = await open();
    if (which === "joined") {
      const init = await container.start(process("echo up; sleep 100"), quietScope);
      await readUntil(init.stdout, "up\n");
    }
    // crun gives a joined process its terminal's size a moment after its start.
    const size = `until size=$(stty size 2>/dev/null) && [ -n "$size" ]; do sleep 0.05; done; echo $size`;
    const script = `${size}; trap 'stty size' WINCH; trap 'exit 5' TERM; tty; echo ready; while :; do sleep 0.1; done`;
    const running = await container.start(
      process(script, { stdin: true, terminal: { columns: 100, rows: 30 } }),
      quietScope,
    );
    expect(running.stderr).toBeUndefined();
    expect(await readUntil(running.stdout, "ready\r\n")).toBe("30 100\r\n/dev/pts/0\r\nready\r\n");
    running.resize({ columns: 132, rows: 43 });
    await readUntil(running.stdout, "43 132\r\n");
    running.signal("TERM");
    expect(await running.exit).toEqual({ exitCode: 5 });
    running.resize({ columns: 1, rows: 1 });
  });

  test("a terminal echoes once, and Ctrl-C is a signal in it", async () => {
    await using container = await open();
    const script = `trap 'echo stopped; exit 9' INT; echo ready; read line; echo "got $line"; while :; do sleep 0.1; done`;
    const running = await container.start(
      process(script, { stdin: true, terminal: { columns: 0, rows: 0 } }),
      quietScope,
    );
    let seen = await readUntil(running.stdout, "ready");
    running.stdin?.write("hello\r");
    seen += await readUntil(running.stdout, "got hello");
    running.stdin?.write("\x03");
    seen += await text(running.stdout);
    expect(seen.replaceAll("\r", "")).toBe("ready\nhello\ngot hello\n^Cstopped\n");
    expect(await running.exit).toEqual({ exitCode: 9 });
  });

  test.each(["first", "joined"])("sends signals to a %s process, SIGKILL too", async (which) => {
    await using container = await open();
    if (which === "joined") {
      const init = await container.start(process("echo up; sleep 100"), quietScope);
      await readUntil(init.stdout, "up\n");
    }
    const script = `trap 'echo usr1' USR1; trap 'exit 4' TERM; echo ready; while :; do sleep 0.1; done`;
    const polite = await container.start(process(script), quietScope);
    await readUntil(polite.stdout, "ready");
    polite.signal("USR1");
    await readUntil(polite.stdout, "usr1");
    expect(() => polite.signal("NOPE")).toThrow("Unknown signal NOPE");
    polite.signal("SIGTERM");
    expect(await polite.exit).toEqual({ exitCode: 4 });
    if (which === "first") return;
    const stubborn = await container.start(process("trap '' TERM INT; echo ready; sleep 100"), quietScope);
    await readUntil(stubborn.stdout, "ready");
    stubborn.signal("KILL");
    expect(await stubborn.exit).toEqual({ exitCode: 137 });
  });

  test("a command that is not there is the process's own failure, in the runtime's words", async () => {
    await using container = await open();
    const running = await container.start(process("", { args: ["/bin/none"] }), quietScope);
    await expect(running.exit).rejects.toMatchObject({ code: "executor/start-failed" });
  });

  test("ends everything when it is disposed of, and when the scope ends", async () => {
    const controller = new AbortController();
    const container = await open(controller.signal);
    const init = await container.start(process("echo up; sleep 100"), quietScope);
    await readUntil(init.stdout, "up\n");
    const joined = await container.start(process("trap '' TERM; echo up; sleep 100"), quietScope);
    await readUntil(joined.stdout, "up\n");
    controller.abort(new Error("enough"));
    await expect(init.exit).rejects.toMatchObject({ code: "executor/cancelled" });
    await expect(joined.exit).rejects.toMatchObject({ code: "executor/cancelled" });
    await container[Symbol.asyncDispose]();
    const other = await open();
    const running = await other.start(process("sleep 100", { terminal: { columns: 80, rows: 24 } }), quietScope);
    await other[Symbol.asyncDispose]();
    await expect(running.exit).rejects.toMatchObject({ code: "executor/cancelled" });
  });

  test("the end of one process's scope ends only that process, unless it is the first", async () => {
    await using container = await open();
    const init = await container.start(process("echo up; cat", { stdin: true }), quietScope);
    await readUntil(init.stdout, "up\n");
    const controller = new AbortController();
    const joined = await container.start(process("echo up; sleep 100"), { ...quietScope, signal: controller.signal });
    await readUntil(joined.stdout, "up\n");
    controller.abort();
    await expect(joined.exit).rejects.toMatchObject({ code: "executor/cancelled" });
    init.stdin?.end("still here\n");
    expect(await text(init.stdout)).toBe("still here\n");
  });
});
