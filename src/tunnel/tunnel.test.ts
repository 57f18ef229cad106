import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer as createNetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  clientSession,
  control,
  filesync,
  firstOf,
  fsutil,
  GrpcClient,
  GrpcServer,
  serverSession,
  streaming,
  tunnel,
} from "../grpc/index.ts";
import * as raw from "../kit/index.ts";
import { bytesOf, collect, quietScope, sha256 } from "../kit/index.ts";
import { MemoryRegistry } from "../registry/testing/index.ts";
import { createLocalSession, type LocalSessionOptions, type Session } from "../session/index.ts";
import { lgetxattr, lsetxattr, utimensat } from "../sys/index.ts";
import { decode } from "../wire/index.ts";
import { attachSession, remoteSession, sessionHeader } from "./index.ts";
import { sessionHandlers } from "./serve-session.ts";

let folder = "";
let open: AsyncDisposableStack;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-tunnel-"));
  open = new AsyncDisposableStack();
});
afterEach(async () => {
  await open.disposeAsync();
  rmSync(folder, { recursive: true, force: true });
});

/** A caller's own session that offers what `options` say. */
async function localSession(options: Partial<LocalSessionOptions>): Promise<Session> {
  return open.use(
    await createLocalSession({
      id: "s1",
      locals: {},
      secrets: [],
      ssh: [],
      outputs: [],
      ociLayouts: {},
      env: { HOME: folder },
      stdout: () => process.stdout,
      warn: () => {},
      ...options,
    }),
  );
}

/** What a daemon sees of a session that is offered through a socket; each call gives one build's view of it. */
async function daemonsView(options: Partial<LocalSessionOptions>): Promise<() => Session> {
  const lent = new Set<string>();
  const lendFolder = async (purpose: string) => {
    let path = join(folder, "kept", purpose);
    while (lent.has(path)) path += "+";
    lent.add(path);
    mkdirSync(path, { recursive: true });
    return { path, [Symbol.dispose]: () => void lent.delete(path) };
  };
  const attached = Promise.withResolvers<() => Session>();
  const rpc = new GrpcServer([
    streaming(control.ControlService.Session, async (call) => {
      call.header();
      const inner = clientSession(tunnel(call.messages, () => {}));
      const methods = new Set((call.metadata.get(sessionHeader.method) ?? []).map((name) => name.toLowerCase()));
      const client = new GrpcClient(inner);
      const id = firstOf(call.metadata, sessionHeader.id) ?? "";
      attached.resolve(() => open.use(remoteSession({ id, sharedKey: "k", methods, client }, lendFolder)));
      await new Promise<void>((resolve) => call.signal.addEventListener("abort", () => resolve()));
      inner.destroy();
    }),
  ]);
  const server = createNetServer((socket) => rpc.attach(serverSession(socket)));
  const path = join(folder, "sock");
  await new Promise<void>((resolve) => server.listen(path, resolve));
  open.defer(() => void server.close());
  const session = clientSession(connect(path));
  open.defer(() => session.destroy());
  const local = await localSession(options);
  open.use(attachSession(new GrpcClient(session), local, "k", quietScope, (what) => logins.push(what)));
  return attached.promise;
}

/** What the caller was told of its logins. */
const logins: string[] = [];

const everything = { include: [], exclude: [], follow: [], sharedKeyHint: "h" };

/** As setcap writes cap_net_bind_service+ep. */
const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");

/** Of the attributes that `fill` sets, the user's are on the copy. */
function expectAttributes(root: string): void {
  expect(lgetxattr(join(root, "a.txt"), "user.note")).toEqual(Buffer.from([0, 255]));
  expect(lgetxattr(join(root, "dir"), "user.note")?.toString()).toBe("folder");
  // As at upstream, which sets the owner last.
  expect(lgetxattr(join(root, "empty"), "security.capability")).toBeUndefined();
}

function fill(root: string): void {
  mkdirSync(join(root, "dir/sub"), { recursive: true });
  writeFileSync(join(root, "a.txt"), "alpha\n");
  writeFileSync(join(root, "big"), Buffer.alloc(3_000_000, 5));
  writeFileSync(join(root, "dir/sub/d.txt"), "delta\n");
  writeFileSync(join(root, "dir/ünicode"), "u");
  writeFileSync(join(root, "empty"), "");
  chmodSync(join(root, "a.txt"), 0o4755);
  lsetxattr(join(root, "a.txt"), "user.note", Buffer.from([0, 255]));
  lsetxattr(join(root, "dir"), "user.note", Buffer.from("folder"));
  lsetxattr(join(root, "empty"), "security.capability", capability);
  symlinkSync("a.txt", join(root, "link"));
  linkSync(join(root, "a.txt"), join(root, "hard"));
  // Node takes times before 1970 for the current one.
  for (const name of ["empty", "link", "dir/sub"]) utimensat(join(root, name), -5_000_000_000n, -5_000_000_000n);
  utimesSync(join(root, "dir"), 1_500_000_000, 1_500_000_000);
}

/** Times before 1970 are times. */
function expectOldTimes(root: string): void {
  for (const name of ["empty", "link", "dir/sub"]) expect(lstatSync(join(root, name)).mtimeMs, name).toBe(-5000);
}

test("a directory arrives with contents, modes, times and links; the next time only what changed", async () => {
  const context = join(folder, "context");
  mkdirSync(context);
  fill(context);
  const view = await daemonsView({ locals: { context } });
  const first = view();
  const { path, transferred } = await first.localDirectory("context", quietScope, everything);
  expect(readFileSync(join(path, "big"))).toEqual(Buffer.alloc(3_000_000, 5));
  expect(readFileSync(join(path, "dir/ünicode"), "utf8")).toBe("u");
  expect(readlinkSync(join(path, "link"))).toBe("a.txt");
  const stat = (name: string) => lstatSync(join(path, name), { bigint: true });
  expect(Number(stat("a.txt").mode & 0o7777n)).toBe(0o4755);
  expect(stat("a.txt").mtimeNs).toBe(lstatSync(join(context, "a.txt"), { bigint: true }).mtimeNs);
  expect(stat("hard").ino).toBe(stat("a.txt").ino);
  expectAttributes(path);
  expectOldTimes(path);
  expect(Number(stat("dir").mtimeMs)).toBe(1_500_000_000_000);
  expect(transferred).toBeGreaterThan(3_000_000);
  await (first as Session & AsyncDisposable)[Symbol.asyncDispose]();

  const inode = stat("big").ino;
  rmSync(join(context, "dir/sub"), { recursive: true });
  writeFileSync(join(context, "empty"), "no more");
  rmSync(join(context, "link"));
  mkdirSync(join(context, "link"));
  const again = await view().localDirectory("context", quietScope, everything);
  expect(again.path).toBe(path);
  expect(again.transferred).toBeLessThan(2000);
  expect(stat("big").ino).toBe(inode);
  expect(readdirSync(path).sort()).toEqual(["a.txt", "big", "dir", "empty", "hard", "link"]);
  expect(readdirSync(join(path, "dir"))).toEqual(["ünicode"]);
  expect(readFileSync(join(path, "empty"), "utf8")).toBe("no more");
  expect(stat("link").isDirectory()).toBe(true);
});

test("names, links and attributes that are no UTF-8 arrive as they are, and an unchanged file does not come again", async () => {
  const context = join(folder, "context");
  raw.mkdirSync(join(context, "d\udcff"), { recursive: true });
  raw.writeFileSync(join(context, "d\udcff/f\udcfe"), "f");
  raw.writeFileSync(join(context, "big\udcfe"), Buffer.alloc(3_000_000, 5));
  raw.linkSync(join(context, "d\udcff/f\udcfe"), join(context, "hard\udcc3"));
  raw.symlinkSync("t\udcff", join(context, "link"));
  lsetxattr(join(context, "d\udcff"), "user.\udcff", Buffer.from("1"));
  const view = await daemonsView({ locals: { context } });
  const first = view();
  const { path } = await first.localDirectory("context", quietScope, everything);
  expect(raw.readdirSync(path).sort()).toEqual(["big\udcfe", "d\udcff", "hard\udcc3", "link"].sort());
  expect(raw.readdirSync(join(path, "d\udcff"))).toEqual(["f\udcfe"]);
  expect(raw.lstatSync(join(path, "hard\udcc3")).ino).toBe(raw.lstatSync(join(path, "d\udcff/f\udcfe")).ino);
  expect(raw.lstatSync(join(path, "big\udcfe")).size).toBe(3_000_000);
  expect(raw.readlinkSync(join(path, "link"))).toBe("t\udcff");
  expect(lgetxattr(join(path, "d\udcff"), "user.\udcff")?.toString()).toBe("1");
  await (first as Session & AsyncDisposable)[Symbol.asyncDispose]();
  raw.rmSync(join(context, "hard\udcc3"));
  const again = await view().localDirectory("context", quietScope, everything);
  expect(again.transferred).toBeLessThan(2000);
  expect(raw.readdirSync(again.path).sort()).toEqual(["big\udcfe", "d\udcff", "link"].sort());
});

test("files as a tar are refused as upstream's clients refuse them", async () => {
  const rpc = new GrpcServer(sessionHandlers(await localSession({}), quietScope));
  const server = createNetServer((socket) => rpc.attach(serverSession(socket)));
  const path = join(folder, "caller");
  await new Promise<void>((resolve) => server.listen(path, resolve));
  open.defer(() => void server.close());
  const session = clientSession(connect(path));
  open.defer(() => session.destroy());
  expect(rpc.methods).toContain("/moby.filesync.v1.FileSync/TarStream");
  const call = new GrpcClient(session).call(filesync.FileSyncService.TarStream, { signal: quietScope.signal });
  await expect(Array.fromAsync(call.messages)).rejects.toThrow("failed to negotiate protocol");
});

test("patterns and followed paths decide what is transferred", async () => {
  const context = join(folder, "context");
  mkdirSync(context);
  fill(context);
  const view = await daemonsView({ locals: { context } });
  const excluded = await view().localDirectory("context", quietScope, { ...everything, exclude: ["b*", "dir/ü*"] });
  expect(readdirSync(excluded.path).sort()).toEqual(["a.txt", "dir", "empty", "hard", "link"]);
  expect(readdirSync(join(excluded.path, "dir"))).toEqual(["sub"]);
  const followed = await view().localDirectory("context", quietScope, { ...everything, follow: ["link"] });
  expect(readdirSync(followed.path).sort()).toEqual(["a.txt", "link"]);
});

test("of a tree that comes as metadata, only the wanted files are here, and a file tells of all", async () => {
  const context = join(folder, "context");
  mkdirSync(context);
  fill(context);
  const view = await daemonsView({ locals: { context } });
  const wanted = { ...everything, metadataExcept: ["dir/**/d*", "empty"] };
  const first = await view().localDirectory("context", quietScope, wanted);
  expect(readdirSync(first.path, { recursive: true }).sort()).toEqual([
    ".fsutil-metadata",
    "dir",
    "dir/sub",
    "dir/sub/d.txt",
    "empty",
  ]);
  const notes = readFileSync(join(first.path, ".fsutil-metadata"));
  const paths: string[] = [];
  for (let at = 0; at < notes.length; ) {
    const length = notes.readUInt32LE(at);
    paths.push(decode(fsutil.Stat, notes.subarray(at + 4, at + 4 + length)).path);
    at += 4 + length;
  }
  expect(paths).toEqual(["a.txt", "big", "dir", "dir/sub", "dir/sub/d.txt", "dir/ünicode", "empty", "hard", "link"]);
});

test("a file that seems to be the same comes again when the step wants no comparison", async () => {
  const context = join(folder, "context");
  mkdirSync(context);
  const write = (text: string) => {
    writeFileSync(join(context, "foo"), text);
    utimesSync(join(context, "foo"), 1_500_000_000, 1_500_000_000);
  };
  write("foo");
  const view = await daemonsView({ locals: { context } });
  const content = async (differ: "none" | "metadata") => {
    const session = view();
    const { path } = await session.localDirectory("context", quietScope, { ...everything, differ });
    const text = readFileSync(join(path, "foo"), "utf8");
    await (session as Session & AsyncDisposable)[Symbol.asyncDispose]();
    return text;
  };
  expect(await content("metadata")).toBe("foo");
  write("bar");
  expect(await content("metadata")).toBe("foo");
  expect(await content("none")).toBe("bar");
});

test("a directory that is not offered, or is none, is an error", async () => {
  const view = await daemonsView({ locals: { gone: join(folder, "gone") } });
  await expect(view().localDirectory("other", quietScope, everything)).rejects.toMatchObject({
    code: "session/no-local",
    message: 'no access allowed to dir "other"',
  });
  await expect(view().localDirectory("gone", quietScope, everything)).rejects.toThrow(/error from sender: .*gone/);
});

test("secrets and logins come through, and those that are not there are none", async () => {
  writeFileSync(join(folder, "token"), "t0ken");
  mkdirSync(join(folder, ".docker"));
  const auth = Buffer.from("me:word").toString("base64");
  writeFileSync(join(folder, ".docker/config.json"), JSON.stringify({ auths: { "r.example": { auth } } }));
  const session = (await daemonsView({ secrets: [{ id: "tok", file: join(folder, "token") }] }))();
  expect(Buffer.from((await session.secret("tok", quietScope)) ?? []).toString()).toBe("t0ken");
  expect(await session.secret("other", quietScope)).toBeUndefined();
  const login = { kind: "basic", username: "me", password: "word" };
  expect(await session.registryCredentials("r.example", quietScope)).toEqual(login);
  expect(await session.registryCredentials("q.example", quietScope)).toEqual({ kind: "none" });
});

test("an ssh agent is reached through a socket here", async () => {
  const socket = join(folder, "agent");
  const agent = createNetServer((peer) => peer.on("data", (data) => peer.end(`got ${data}`)));
  await new Promise<void>((resolve) => agent.listen(socket, resolve));
  open.defer(() => void agent.close());
  const session = (await daemonsView({ ssh: [{ id: "default", paths: [socket], raw: true }] }))();
  const path = await session.sshAgent("default", quietScope);
  const peer = connect(path ?? "");
  peer.write("hello");
  const chunks: Buffer[] = [];
  for await (const chunk of peer) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString()).toBe("got hello");
  await expect(session.sshAgent("other", quietScope)).rejects.toMatchObject({
    code: "session/no-agent",
    message: "unset ssh forward key other",
  });
});

test("results go to the caller's file and directory", async () => {
  const dest = join(folder, "out.tar");
  const tree = join(folder, "tree");
  const session = (
    await daemonsView({
      outputs: [
        { kind: "file", path: dest },
        { kind: "directory", path: join(folder, "out") },
      ],
    })
  )();
  const stream = session.output(0, { type: "oci", attrs: {} });
  if (stream.kind !== "stream") throw new Error("not a stream");
  await stream.write(bytesOf("some ", Buffer.alloc(2_000_000, 1)), {}, quietScope);
  expect(readFileSync(dest).byteLength).toBe(2_000_005);

  mkdirSync(tree);
  fill(tree);
  mkdirSync(join(folder, "out/link"), { recursive: true });
  writeFileSync(join(folder, "out/mine"), "mine");
  const directory = session.output(1, { type: "local", attrs: {} });
  if (directory.kind !== "tree") throw new Error("not a tree");
  await directory.send(tree, quietScope);
  expect(readdirSync(join(folder, "out")).sort()).toEqual(["a.txt", "big", "dir", "empty", "hard", "link", "mine"]);
  expect(readlinkSync(join(folder, "out/link"))).toBe("a.txt");
  expectAttributes(join(folder, "out"));
  expectOldTimes(join(folder, "out"));
});

test("a tree is sent from where it is: into a folder, at a time, hard links and all", async () => {
  const [tree, out] = [join(folder, "tree"), join(folder, "out")];
  mkdirSync(tree);
  fill(tree);
  const session = (await daemonsView({ outputs: [{ kind: "directory", path: out }] }))();
  const directory = session.output(0, { type: "local", attrs: {} });
  if (directory.kind !== "tree") throw new Error("not a tree");
  const told: number[] = [];
  const update = (bytes: number) => void told.push(bytes);
  symlinkSync("/a.txt", join(tree, "absolute"));
  const sent = { path: tree, prefix: "linux_arm64", time: 1_000_000_000_000_000_000n, update };
  await directory.sendTree?.(sent, quietScope);
  const there = join(out, "linux_arm64");
  expect(readdirSync(there).sort()).toEqual(readdirSync(tree).sort());
  expect(readFileSync(join(there, "big")).equals(readFileSync(join(tree, "big")))).toBe(true);
  expect(lstatSync(join(there, "hard")).ino).toBe(lstatSync(join(there, "a.txt")).ino);
  expect(readlinkSync(join(there, "absolute"))).toBe("/linux_arm64/a.txt");
  expect(readlinkSync(join(there, "link"))).toBe("a.txt");
  for (const name of ["", "a.txt", "dir", "big"]) expect(lstatSync(join(there, name)).mtimeMs).toBe(1e12);
  expect(told.at(-1)).toBeGreaterThanOrEqual(lstatSync(join(tree, "big")).size);
});

test("a token is fetched on the caller's side, with the login that it has", async () => {
  await using registry = await MemoryRegistry.start({ guard: { kind: "token", secret: "me:pass" } });
  const auths = { [registry.host]: { auth: Buffer.from("me:pass").toString("base64") } };
  writeFileSync(join(folder, "config.json"), JSON.stringify({ auths }));
  const session = (await daemonsView({ env: { DOCKER_CONFIG: folder } }))();
  logins.length = 0;
  const wish = { realm: `http://${registry.host}/token`, service: "s", scopes: ["repository:a/b:pull"] };
  const found = await session.registryToken?.(registry.host, wish, quietScope);
  expect(Buffer.from(found?.token ?? "", "base64url").toString()).toBe('["repository:a/b:pull"]');
  expect(found?.expires).toBeGreaterThan(Date.now());
  await expect(session.registryToken?.("other", wish, quietScope)).rejects.toThrow("failed to authorize");
  for (let times = 0; times < 2; times++) await session.registryCredentials(registry.host, quietScope);
  expect(logins).toEqual([`a/b:pull token for ${registry.host}`, `sharing credentials for ${registry.host}`]);
});

test("blobs of the caller's layout come as they are; others are not there", async () => {
  const layout = join(folder, "layout");
  const blob = Buffer.alloc(2_500_000, 7);
  const digest = sha256(blob);
  mkdirSync(join(layout, "blobs/sha256"), { recursive: true });
  writeFileSync(join(layout, "blobs/sha256", digest.slice(7)), blob);
  const session = (await daemonsView({ ociLayouts: { mine: layout } }))();
  const blobs = await session.ociLayout("mine");
  expect(await blobs?.size(digest, quietScope)).toBe(2_500_000);
  expect(await collect((await blobs?.read(digest, quietScope)) ?? bytesOf(), 3_000_000)).toEqual(blob);
  expect(await blobs?.size(sha256(Buffer.from("no")), quietScope)).toBeUndefined();
  const none = await session.ociLayout("other");
  expect(await none?.size(digest, quietScope)).toBeUndefined();
});

test("a layout that is a result arrives blob by blob, each whole", async () => {
  const [made, dest] = [join(folder, "made"), join(folder, "dest")];
  mkdirSync(join(made, "blobs/sha256"), { recursive: true });
  const blobs = [Buffer.alloc(0), Buffer.from("small"), Buffer.alloc(3_000_000, 1)];
  for (const blob of blobs) writeFileSync(join(made, "blobs/sha256", sha256(blob).slice(7)), blob);
  const session = (await daemonsView({ outputs: [{ kind: "directory", path: dest, layout: true }] }))();
  const target = session.output(0, { type: "oci", attrs: { tar: "false" } });
  if (target.kind !== "tree") throw new Error("not a tree");
  await target.send(made, quietScope);
  // What is there already is not sent again.
  await target.send(made, quietScope);
  expect(readdirSync(join(dest, "blobs"))).toEqual(["sha256"]);
  for (const blob of blobs) {
    expect(readFileSync(join(dest, "blobs/sha256", sha256(blob).slice(7))).equals(blob)).toBe(true);
  }
  writeFileSync(join(made, "blobs/sha256", sha256(Buffer.from("lie")).slice(7)), "other");
  await expect(target.send(made, quietScope)).rejects.toThrow("unexpected commit digest");
  expect(readdirSync(join(dest, "blobs/sha256"))).toHaveLength(3);
});
