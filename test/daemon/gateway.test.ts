/** Containers of a client that is the frontend, message by message: what `docker buildx debug` and Go's gateway client do. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Daemon, startDaemon } from "../../src/daemon/index.ts";
import { gateway } from "../../src/grpc/index.ts";
import { isCooperError, quietScope } from "../../src/kit/index.ts";
import { image, type State, scratch } from "../../src/llb/index.ts";
import { type GatewayBuild, withGateway } from "../support/gateway.ts";
import { plainEngine } from "../support/plain-engine.ts";
import { startRegistry, type TestRegistry } from "../support/registry.ts";

const { LLBBridgeService: service } = gateway;
let folder = "";
let daemon: Daemon | undefined;
let registry: TestRegistry;
const address = () => daemon?.addresses[0] ?? "";
const busybox = (): State => image(`${registry.host}/library/busybox:latest`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cooper-gateway-"));
  registry = await startRegistry();
  const engine = { ...plainEngine(join(folder, "root")), insecureEntitlements: ["security.insecure"] };
  daemon = await startDaemon({ addresses: [`unix://${folder}/sock`], engine, labels: {} }, quietScope);
});
afterAll(async () => {
  await daemon?.shutDown(0);
  await registry[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A container `c` on busybox. */
async function openBox(build: GatewayBuild, more: Parameters<GatewayBuild["open"]>[2] = {}) {
  await build.open("c", [{ dest: "/", resultID: await build.solve(busybox()) }], more);
}
const timestamp = undefined;
const mkdir = (path: string) => ({ kind: "mkdir", path, mode: 0o755, makeParents: false, timestamp }) as const;
const mkfile = (path: string, text: string) =>
  ({ kind: "mkfile", path, mode: 0o640, data: Buffer.from(text), timestamp }) as const;
const sh = (script: string) => ({ meta: { args: ["sh", "-c", script] }, fds: [0, 1, 2] });

test("a process is told of in upstream's order: started, output, exit, ends of outputs, done", async () => {
  await withGateway(address(), async (build) => {
    await openBox(build);
    const failing = await build.start("c", sh("cat; echo err >&2; exit 3"));
    failing.type("one\n");
    failing.type("two\n", true);
    const { code, error } = await failing.done;
    expect([code, error?.code, error?.message, failing.out, failing.err]).toEqual([
      3,
      2,
      "exit code: 3",
      "one\ntwo\n",
      "err\n",
    ]);
    const detail = error?.details.find(({ typeUrl }) => typeUrl.endsWith("/gatewayapi.ExitMessage+json"));
    expect(Buffer.from(detail?.value ?? []).toString()).toBe('{"Code":3}');
    expect(failing.told[0]).toBe("started");
    expect(failing.told.slice(-4)).toEqual(["exit 3", "1:end", "2:end", "done"]);
    await expect(build.ask(service.ReleaseContainer, { containerID: "c" })).rejects.toThrow("exit code: 3");
  });
});

test("processes share the container; done waits for the end of the input; later ones see what earlier ones wrote", async () => {
  await withGateway(address(), async (build) => {
    await openBox(build, { hostname: "boxed", extraHosts: [{ host: "some.host", ip: "169.254.11.22" }] });
    const init = await build.start("c", { meta: { args: ["cat"], env: ["A=b"] }, fds: [0] });
    const second = await build.start(
      "c",
      sh("hostname; grep -c 169.254.11.22 /etc/hosts; echo $PATH-$TERM; echo written > /tmp/x; true"),
    );
    second.type("", true);
    expect((await second.done).code).toBe(0);
    expect(second.out).toBe("boxed\n1\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin-\n");
    const third = await build.start("c", { meta: { args: ["cat", "x"], cwd: "/tmp" }, fds: [1] });
    expect((await third.done).code).toBe(0);
    expect(third.told).toEqual(["started", "1:written\n", "exit 0", "1:end", "done"]);
    init.type("", true);
    expect(await init.done).toMatchObject({ code: 0 });
    await build.ask(service.ReleaseContainer, { containerID: "c" });
    await expect(build.ask(service.ReleaseContainer, { containerID: "c" })).rejects.toThrow(
      "container details for c not found",
    );
    const late = await build.start("c", sh("true"));
    await expect(late.done).rejects.toThrow('container "c" previously released or not created');
  });
});

test("what one process says can be another's input, while the first one waits for more", async () => {
  await withGateway(address(), async (build) => {
    await openBox(build);
    const init = await build.start("c", { meta: { args: ["cat"] }, fds: [0] });
    const first = await build.start("c", { meta: { args: ["cat"] }, fds: [0, 1] });
    first.type("testing");
    first.type("", true);
    const second = await build.start("c", { meta: { args: ["sh", "-c", "cat > /tmp/test"] }, fds: [0] });
    expect(await first.done).toMatchObject({ code: 0 });
    second.type(first.out, true);
    expect(await second.done).toMatchObject({ code: 0 });
    const third = await build.start("c", { meta: { args: ["cat", "/tmp/test"] }, fds: [1] });
    expect(await third.done).toMatchObject({ code: 0 });
    expect(third.out).toBe("testing");
    init.type("", true);
    expect(await init.done).toMatchObject({ code: 0 });
  });
});

test("a terminal has a size, signals arrive by name, SIGKILL too", async () => {
  await withGateway(address(), async (build) => {
    await openBox(build);
    const shell = await build.start("c", { meta: { args: ["sh"], env: ["PS1=% "] }, fds: [0, 1, 2], tty: true });
    await shell.until("% ");
    shell.send({ case: "resize", value: { cols: 132, rows: 43 } });
    shell.type("until [ \"$(stty size)\" = '43 132' ]; do sleep 0.1; done; echo sized-$TERM\n");
    await shell.until("sized-xterm");
    const trapping = await build.start("c", sh("trap 'echo got; exit 9' HUP; echo ready; while :; do sleep 0.1; done"));
    await trapping.until("ready");
    trapping.send({ case: "signal", value: { name: "HUP" } });
    trapping.type("", true);
    expect(await trapping.done).toMatchObject({ code: 9 });
    shell.send({ case: "signal", value: { name: "KILL" } });
    shell.type("", true);
    expect(await shell.done).toMatchObject({ code: 137 });
  });
});

test("mounts: results, empty trees, caches, tmpfs, secrets; their files can be asked for", async () => {
  const secret = join(folder, "secret");
  writeFileSync(secret, "hush");
  const session = { secrets: [{ id: "s", file: secret }] };
  await withGateway(
    address(),
    async (build) => {
      const tree = await build.solve(scratch().file([mkdir("/d"), mkfile("/d/f", "content")]));
      await build.open("c", [
        { dest: "/", resultID: await build.solve(busybox()) },
        { dest: "/tree", resultID: tree },
        { dest: "/sub", resultID: tree, selector: "d", readonly: true },
        { dest: "/empty" },
        { dest: "/cache", mountType: 3, cacheOpt: { id: "kept", sharing: 0 } },
        { dest: "/memory", mountType: 4 },
        { dest: "/secret", mountType: 1, secretOpt: { id: "s", mode: 0o400 } },
      ]);
      const script =
        "cat /tree/d/f /sub/f /secret; echo $S; touch /empty/e /cache/c /memory/m /tree/new; ! touch /sub/no 2>/dev/null";
      const process = await build.start("c", { ...sh(script), fds: [1, 2], secretenv: [{ id: "s", name: "S" }] });
      expect(await process.done).toMatchObject({ code: 0 });
      expect(process.out).toBe("contentcontenthushhush\n");
      const files = (ref: string, mountIndex: number, dirPath: string) =>
        build.ask(service.ReadDirContainer, { ref, mountIndex, dirPath });
      expect((await files("c", 3, "/")).entries.map(({ path }) => path)).toEqual(["e"]);
      expect((await files("c", 4, "/")).entries.map(({ path }) => path)).toEqual(["c"]);
      const read = { ref: "c", mountIndex: 1, filePath: "/d/f", range: { offset: 3n, length: 2n } };
      expect(Buffer.from((await build.ask(service.ReadFileContainer, read)).data).toString()).toBe("te");
      const stat = await build.ask(service.StatFileContainer, { ref: "c", mountIndex: 2, path: "/d/f" });
      expect([stat.stat?.path, stat.stat?.mode, stat.stat?.size]).toEqual(["f", 0o640, 7n]);
      await expect(files("c", 9, "/")).rejects.toThrow("mount index 9 is out of bounds (7 available)");
      await expect(files("c", 5, "/")).rejects.toThrow("mountable 5 not found");
    },
    { session },
  );
});

test("a step that fails leaves its trees for a look; the error says how", async () => {
  await withGateway(address(), async (build) => {
    const args = ["sh", "-c", "echo left > /left; echo more > /rw/more; exit 5"];
    const failing = busybox().run({ args, mounts: [{ target: "/rw", source: undefined }] });
    const error = await build.solve(failing, { evaluate: true }).catch((cause: unknown) => cause);
    expect(String(error)).toContain("exit code: 5");
    const solve = detailOf(error, "errdefs.Solve");
    expect(solve).toMatchObject({ op: { exec: { meta: { args: ["sh", "-c", expect.any(String)] } } } });
    expect(detailOf(error, "gatewayapi.ExitMessage")).toEqual({ Code: 5 });
    const [root, rw] = solve.mountIDs as string[];
    await build.open("c", [
      { dest: "/", resultID: root },
      { dest: "/rw", resultID: rw },
    ]);
    const look = await build.start("c", { meta: { args: ["cat", "/left", "/rw/more"] }, fds: [1] });
    expect(await look.done).toMatchObject({ code: 0 });
    expect(look.out).toBe("left\nmore\n");
  });
});

test("a file action that fails leaves the tree so far, and an input that cannot be hashed can be looked at", async () => {
  await withGateway(address(), async (build) => {
    const actions = [mkdir("/made"), mkfile("/made/x", "there"), mkfile("/none/y", "")];
    const failed = await build.solve(scratch().file(actions), { evaluate: true }).catch((cause: unknown) => cause);
    const solve = detailOf(failed, "errdefs.Solve");
    expect(solve).toMatchObject({ file: { index: "2" }, mountIDs: ["", "", expect.stringMatching(/./)] });
    const source = scratch().file([mkdir("/found")]).output;
    const mounts = [{ target: "/src", source, selector: "/notfound", readonly: true }];
    const unhashed = busybox().run({ args: ["true"], mounts });
    const error = await build.solve(unhashed, { evaluate: true }).catch((cause: unknown) => cause);
    const unread = detailOf(error, "errdefs.Solve");
    expect([unread.cache, unread.inputIDs.length, unread.mountIDs ?? []]).toEqual([{ index: "1" }, 1, []]);
    await build.open("c", [
      { dest: "/", resultID: await build.solve(busybox()) },
      { dest: "/a", resultID: solve.mountIDs[2] },
      { dest: "/b", resultID: unread.inputIDs[0] },
    ]);
    const look = await build.start("c", { meta: { args: ["sh", "-c", "cat /a/made/x; ls /b"] }, fds: [1] });
    expect(await look.done).toMatchObject({ code: 0 });
    expect(look.out).toBe("therefound\n");
  });
});

function detailOf(error: unknown, type: string) {
  if (!isCooperError(error, "wire/status")) throw error;
  const { status } = error.details as { status: { details: { typeUrl: string; value: Uint8Array }[] } };
  const found = status.details.find(({ typeUrl }) => typeUrl === `github.com/moby/buildkit/${type}+json`);
  return JSON.parse(Buffer.from(found?.value ?? []).toString() || "null");
}

test("what is not granted is refused: insecure processes, the host's network", async () => {
  await withGateway(address(), async (build) => {
    await openBox(build, { network: 1 });
    const process = await build.start("c", { meta: { args: ["true"] }, fds: [] });
    const { code, error } = await process.done;
    expect([code, error?.message]).toEqual([255, "network.host is not allowed"]);
    await build.open("d", [{ dest: "/", resultID: await build.solve(busybox()) }]);
    const insecure = await build.start("d", { meta: { args: ["true"] }, security: 1 });
    expect((await insecure.done).error?.message).toBe("security.insecure is not allowed");
    const unknown = await build.start("d", { meta: { args: ["true"] }, security: 2 });
    expect((await unknown.done).error?.message).toContain("invalid security mode");
  });
});

test("an image is told of as it was asked for, by tag or digest; its digest stands beside", async () => {
  await withGateway(address(), async (build) => {
    const name = `${registry.host}/library/busybox`;
    const config = await build.ask(service.ResolveImageConfig, { ref: `${name}:latest` });
    expect(config.ref).toBe(`${name}:latest`);
    expect(JSON.parse(Buffer.from(config.config).toString()).os).toBe("linux");
    const identifier = `docker-image://${name}:latest@${config.digest}`;
    const meta = await build.ask(service.ResolveSourceMeta, { source: { identifier } });
    expect([meta.source?.identifier, meta.image?.digest]).toEqual([identifier, config.digest]);
    const layout = { identifier: "oci-layout://some/name:tag", attrs: new Map([["oci.store", "none"]]) };
    await expect(build.ask(service.ResolveSourceMeta, { source: layout })).rejects.toThrow("none");
  });
});

test("inputs come back as they were given; a client that vanishes leaves nothing", async () => {
  const frontendInputs = new Map([["base", Buffer.from([10, 0])]]);
  await withGateway(
    address(),
    async (build) => {
      const { definitions } = await build.ask(service.Inputs, {});
      expect([...definitions].map(([name, bytes]) => [name, [...bytes]])).toEqual([["base", [10, 0]]]);
      await openBox(build);
      const process = await build.start("c", sh("trap '' TERM; echo up; sleep 1000"));
      await process.until("up");
      expect(readdirSync(join(folder, "root/executor"), { recursive: true, encoding: "utf8" })).toContainEqual(
        expect.stringMatching(/\/run\/./),
      );
      build.vanish();
    },
    { solve: { frontendInputs } },
  );
  const namesIn = (...path: string[]) => {
    try {
      return readdirSync(join(folder, "root/executor", ...path));
    } catch {
      // Gone while this looked, or no folder.
      return [];
    }
  };
  const left = () => namesIn().flatMap((owner) => [...namesIn(owner, "run"), ...namesIn(owner, "steps")]);
  while (left().length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
});
