import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createConnection, createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createExecutor, type Executor } from "../../executor/index.ts";
import { makeBusyboxRootfs } from "../../executor/testing/index.ts";
import { quietScope } from "../../kit/index.ts";
import type { ExecMeta, ExecOp, Mount, MountType } from "../../llb/index.ts";
import type { Session } from "../../session/index.ts";
import type { Ref } from "../contract.ts";
import { openWorkbench, type Workbench } from "../testing/index.ts";
import { type ExecVertex, execOp } from "./exec-op.ts";

const root: Mount = {
  input: 0,
  selector: "",
  dest: "/",
  output: 0,
  readonly: false,
  contentCache: "default",
  resultId: "",
  type: { kind: "bind" },
};
const mounted = (dest: string, type: MountType, more: Partial<Mount> = {}): Mount => ({
  ...root,
  input: undefined,
  dest,
  output: undefined,
  ...{ type, ...more },
});
const exec = (
  script: string,
  mounts: readonly Mount[] = [],
  more: Partial<ExecOp> = {},
  meta: Partial<ExecMeta> = {},
): ExecOp => ({
  kind: "exec",
  meta: {
    args: ["/bin/sh", "-c", script],
    env: [],
    cwd: "/",
    user: "",
    extraHosts: [],
    hostname: "",
    ulimits: [],
    cgroupParent: "",
    removeMountStubsRecursive: true,
    validExitCodes: [],
    ...meta,
  },
  mounts: [root, ...mounts],
  network: "sandbox",
  security: "sandbox",
  secretEnv: [],
  devices: [],
  ...more,
});
const session = (offer: Partial<Session>): Session =>
  ({ secret: async () => undefined, sshAgent: async () => undefined, ...offer }) as Session;
const file = { uid: 0, gid: 0, mode: 0o400, optional: false };

describe.each([
  ["overlayfs", "oci"],
  ["native", "oci"],
  ["native", "chroot"],
] as const)("an exec on %s snapshots, isolation %s", (snapshotter, isolation) => {
  let bench: Workbench;
  let executor: Executor;
  let base: Ref;
  beforeAll(async () => {
    bench = await openWorkbench(snapshotter);
    executor = await createExecutor(
      { stateDir: join(bench.folder, "executor"), binary: "", networkMode: "auto", isolation },
      quietScope,
    );
    base = await bench.tree({}, (folder) => {
      makeBusyboxRootfs(folder);
    });
  });
  afterAll(async () => {
    await executor[Symbol.asyncDispose]();
    await bench[Symbol.asyncDispose]();
  });

  const op = (body: ExecOp, inputCount = 1, vertex: Partial<ExecVertex> = {}) =>
    execOp(body, { inputCount, ...vertex }, { storage: bench.storage, executor: async () => executor });
  const run = async (
    body: ExecOp,
    inputs: readonly Ref[] = [base],
    callers: readonly Session[] = [],
    signal?: AbortSignal,
  ) => {
    const before = bench.log().length;
    const results = await op(body, inputs.length).execute(inputs, bench.scope(callers, signal));
    return { results, out: bench.log().slice(before) };
  };
  const keyOf = async (body: ExecOp, inputCount = 1) => (await op(body, inputCount).recipe(bench.scope())).digest;

  test("keeps what the process writes, and nothing else", async () => {
    const { results, out } = await run(exec("echo hello; echo x > /made; rm /etc/group; mkdir -p /run/lock"));
    expect(out).toBe("hello\n");
    const made = await bench.show(results[0]);
    expect(made).toMatchObject({ made: "644 0:0 x\n", "run/lock/": "755 0:0" });
    expect(made["etc/group"]).toBeUndefined();
    expect(made["etc/hosts"]).toBeUndefined();
    expect((await bench.show(base))["etc/group"]).toBeDefined();
  });

  test("fails in upstream's words, with the exit code, and keeps nothing", async () => {
    await expect(run(exec('echo "bad" >&2; exit 42'))).rejects.toMatchObject({
      message: String.raw`process "/bin/sh -c echo \"bad\" >&2; exit 42" did not complete successfully: exit code: 42`,
      details: { kind: "exit", code: 42 },
    });
    const missing = exec("", [], {}, { args: ["/nope"] });
    await expect(run(missing)).rejects.toThrow('process "/nope" did not complete successfully: exit code: 1');
    expect(bench.log()).toMatch(/exec: "\/nope": stat \/nope: no such file or directory/);
    await run(exec("exit 3", [], {}, { validExitCodes: [3] }));
    await expect(run(exec("true", [], {}, { user: "eve" }))).rejects.toThrow(
      'process "/bin/sh -c true" did not complete successfully: unable to find user eve: no matching entries in passwd file',
    );
  });

  test("has its environment: the default path, proxies outside the key, secrets by name", async () => {
    const proxyEnv = { httpProxy: "http://p:1", httpsProxy: "", ftpProxy: "", noProxy: "x", allProxy: "" };
    const body = exec(
      "echo $A $PATH $http_proxy $NO_PROXY $TOKEN",
      [],
      { secretEnv: [{ id: "t", name: "TOKEN", optional: false }] },
      { env: ["A=1"] },
    );
    const withProxy = { ...body, meta: { ...body.meta, proxyEnv } };
    const caller = session({ secret: async (id) => (id === "t" ? Buffer.from("s3cret") : undefined) });
    const { out } = await run(withProxy, [base], [caller]);
    expect(out).toBe("1 /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin http://p:1 x s3cret\n");
    expect(await keyOf(withProxy)).toBe(await keyOf(body));
    await expect(run(body)).rejects.toThrow("secret t: not found");
  });

  test("mounts other inputs, read-only or for itself, and their selected part", async () => {
    const other = await bench.tree({ "pack/tool": "tool", "pack/sub/x": "x" });
    const { results, out } = await run(
      exec("cat /t/tool /u/x; touch /t/new 2>/dev/null || echo refused; touch /u/new; ls /u; pwd", [
        mounted("/t", { kind: "bind" }, { input: 1, selector: "pack", readonly: true }),
        mounted("u", { kind: "bind" }, { input: 1, selector: "/pack/sub" }),
      ]),
      [base, other],
    );
    expect(out).toContain("toolx");
    // In a chroot what is read-only is a copy that nobody else sees.
    expect(out).toContain(isolation === "chroot" ? "new\nx\n/\n" : "refused\nnew\nx\n/\n");
    expect(Object.keys(await bench.show(results[0]))).not.toContain("t/");
    expect(await bench.show(other)).not.toHaveProperty("pack/sub/new");
  });

  test("mounts a caller's folder as a copy: filtered, owned by root, never written to", async () => {
    const context = bench.context({ a: "a", hidden: "h" }, { exclude: ["hidden"] });
    const { out } = await run(
      exec("ls /ctx; echo b > /ctx/a; cat /ctx/a", [mounted("/ctx", { kind: "bind" }, { input: 1 })]),
      [base, context],
    );
    expect(out).toBe("a\nb\n");
    expect(readFileSync(join(context.path, "a"), "utf8")).toBe("a");
  });

  test("an output mount becomes a result of its own", async () => {
    const { results } = await run(exec("echo out > /o/f", [mounted("/o", { kind: "bind" }, { output: 1 })]));
    expect(await bench.show(results[1])).toEqual({ f: "644 0:0 out\n" });
  });

  test("a tmpfs is empty, bounded and forgotten", async () => {
    const { results, out } = await run(
      exec("echo x > /t/f; head -c 99999 /dev/zero > /t/g || echo full", [
        mounted("/t", { kind: "tmpfs", size: 8192 }),
      ]),
    );
    if (isolation !== "chroot") expect(out).toContain("full");
    expect(Object.keys(await bench.show(results[0]))).not.toContain("t/");
  });

  test("a secret is a file in memory with its mode and owner, in no layer and on no disk", async () => {
    const value = "very-secret-value-8317";
    const caller = session({ secret: async (id) => (id === "s" ? Buffer.from(value) : undefined) });
    const body = exec(
      "stat -c '%a %u:%g' /run/secrets/s; cat /run/secrets/s; touch /run/secrets/s 2>/dev/null || true; ls /run/secrets",
      [
        mounted("/run/secrets/s", { kind: "secret", ...file, id: "s", uid: 7, gid: 8, mode: 0o440 }),
        mounted("/run/secrets/none", { kind: "secret", ...file, id: "none", optional: true }),
      ],
    );
    const { results, out } = await run(body, [base], [caller]);
    expect(out).toContain(`440 7:8\n${value}`);
    expect(out).toMatch(/s\n$/);
    expect(Object.keys(await bench.show(results[0])).filter((path) => path.startsWith("run"))).toEqual([]);
    expect(filesWith(bench.folder, value)).toEqual([]);
    expect(readFileSync("/proc/self/mountinfo").toString()).not.toContain(`${bench.folder}/root/run`);
    await expect(run(body)).rejects.toThrow("secret s: not found");
  });

  test("an ssh agent of the caller is a socket in the step", async () => {
    const agent = await echoServer(join(bench.folder, `agent-${snapshotter}`));
    const caller = session({ sshAgent: async (id) => (id === "default" ? agent.path : undefined) });
    const ssh = (more: object) => mounted("/run/agent", { kind: "ssh", ...file, id: "", mode: 0o600, uid: 5, ...more });
    const { out } = await run(exec("stat -c '%F %a %u' /run/agent", [ssh({})]), [base], [caller]);
    expect(out).toBe("socket 600 5\n");
    await expect(run(exec("true", [ssh({})]))).rejects.toThrow('no SSH key "default" forwarded from the client');
    await run(exec("test ! -e /run/agent", [ssh({ optional: true })]));
    await agent.close();
  });

  const cache = (sharing: "shared" | "private" | "locked", id: string, more: Partial<Mount> = {}) =>
    mounted("/c", { kind: "cache", id, sharing }, more);

  test("a cache mount keeps its files from step to step, outside of the layers", async () => {
    const first = await run(exec("ls /c; echo 1 > /c/f", [cache("shared", "k")]));
    const second = await run(exec("cat /c/f; ls -d /c", [cache("locked", "k")]));
    expect(second.out).toBe("1\n/c\n");
    expect(Object.keys(await bench.show(first.results[0]))).not.toContain("c/");
  });

  test("a cache mount starts from the tree that it is given", async () => {
    const start = await bench.tree({ "cache/seed": "s" });
    const mount = cache("shared", "seeded", { input: 1, selector: "/cache" });
    expect((await run(exec("cat /c/seed; echo more > /c/more", [mount]), [base, start])).out).toBe("s");
    expect((await run(exec("ls /c", [mount]), [base, start])).out).toBe("more\nseed\n");
  });

  test("shared is used together, private never, locked one after the other", async () => {
    // Who can see each other wait for that, however long the other one takes to start.
    const both = async (sharing: "shared" | "private" | "locked") => {
      const meet = sharing === "shared" && isolation !== "chroot";
      const two = "[ $(ls /c | wc -l) = 2 ]";
      const wait = `i=0; until ${two} || [ $i = ${meet ? 500 : 4} ]; do i=$((i+1)); sleep 0.1; done`;
      const one = (me: string) => {
        const script = `touch /c/${me}; ${wait}; ${two} && echo together || echo alone; ${meet ? "true" : `rm /c/${me}`}`;
        return run(exec(script, [cache(sharing, `use-${sharing}`)]));
      };
      const outs = await Promise.all([one("me"), one("you")]);
      return outs.map(({ out }) => out).join("");
    };
    expect(await both("shared")).toContain(isolation === "chroot" ? "alone" : "together");
    expect(await both("private")).not.toContain("together");
    expect(await both("locked")).not.toContain("together");
  });

  test("waiting for a locked cache ends when the step is cancelled", async () => {
    const body = exec("sleep 1", [cache("locked", "wait")]);
    const holding = run(body);
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 300);
    await expect(run(body, [base], [], controller.signal)).rejects.toThrow();
    await holding;
  });

  test("its key counts what it reads of read-only mounts by content, of the root and of writable parts not", async () => {
    const mount = mounted("/t", { kind: "bind" }, { input: 1, selector: "/pack", readonly: true });
    const { content } = await op(exec("true", [mount]), 2).recipe(bench.scope());
    expect(content[0]).toBeUndefined();
    const keyOfTree = async (files: Record<string, string>) => content[1]?.(await bench.tree(files), bench.scope());
    expect(await keyOfTree({ "pack/a": "1", b: "2" })).toBe(await keyOfTree({ "pack/a": "1", b: "3" }));
    expect(await keyOfTree({ "pack/a": "1" })).not.toBe(await keyOfTree({ "pack/a": "2" }));
    const output = { ...mount, readonly: false, output: 1 };
    expect((await op(exec("true", [output]), 2).recipe(bench.scope())).content[1]).toBeUndefined();
    expect(await keyOf(exec("true"))).not.toBe(await keyOf(exec("true", [], { network: "none" })));
    expect(await keyOf(exec("true", [cache("shared", "x")]))).toBe(await keyOf(exec("true", [cache("private", "y")])));
  });

  test("after all of it no mount and no temporary folder of a step is left", () => {
    const left = readFileSync("/proc/self/mountinfo")
      .toString()
      .split("\n")
      .filter((line) => line.includes(bench.folder));
    expect(left).toEqual([]);
    const run = join(bench.storage.root, "run");
    const owners = existsSync(run) ? readdirSync(run) : [];
    expect(owners.flatMap((owner) => namesIn(join(run, owner, "tmp")))).toEqual([]);
  });
});

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function filesWith(folder: string, text: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && readFileSync(path).includes(text)) found.push(path);
  }
  return found;
}

async function echoServer(path: string): Promise<{ path: string; close: () => Promise<void> }> {
  const server: Server = createServer((socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  await new Promise<void>((resolve) => {
    const client = createConnection(path, () => client.end());
    client.once("close", () => resolve());
  });
  return { path, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
