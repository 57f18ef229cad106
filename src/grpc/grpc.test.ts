import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sleep } from "../kit/index.ts";
import {
  bytesFront,
  Code,
  clientSession,
  control,
  GrpcClient,
  GrpcServer,
  type Handler,
  health,
  rpcError,
  type ServerOptions,
  serverSession,
  streaming,
  tunnel,
  unary,
} from "./index.ts";

const never = new AbortController().signal;
const { Session, Info } = control.ControlService;
let open: AsyncDisposableStack;
beforeEach(() => {
  open = new AsyncDisposableStack();
});
afterEach(() => open.disposeAsync());

/** A server on a socket of its own, and a client that has dialled it. */
async function served(handlers: readonly Handler[], options?: ServerOptions) {
  const folder = await mkdtemp(join(tmpdir(), "cooper-grpc-"));
  open.defer(() => rm(folder, { recursive: true, force: true }));
  const rpc = new GrpcServer(handlers, options);
  const server = createServer((socket) => rpc.attach(serverSession(socket)));
  const path = join(folder, "sock");
  await new Promise<void>((resolve) => server.listen(path, resolve));
  open.defer(() => void server.close());
  const session = clientSession(connect(path));
  open.defer(() => session.destroy());
  return { client: new GrpcClient(session), session, path, rpc };
}

const echo = streaming(Session, async (call) => {
  for await (const message of call.messages) await call.messages.send(message);
});

test("a unary call gives its answer, with metadata in both directions", async () => {
  const { client } = await served([
    unary(Info, async (_, call) => ({ buildkitVersion: { version: call.metadata.get("x")?.join("|") ?? "" } })),
  ]);
  const metadata = new Map([["x", ["a", "b, c"]]]);
  expect((await client.unary(Info, {}, { signal: never, metadata })).buildkitVersion?.version).toBe("a|b, c");
});

test("metadata that gRPC cannot carry fails the call, in grpc-go's words", async () => {
  const { client } = await served([unary(Info, async () => ({}))]);
  const metadata = new Map([["store", ["caf\u00e9"]]]);
  await expect(client.unary(Info, {}, { signal: never, metadata })).rejects.toThrow(
    'header key "store" contains value with non-printable ASCII characters',
  );
});

test("many messages of all sizes come back whole and in order", async () => {
  const { client } = await served([echo]);
  const call = client.call(Session, { signal: never });
  const sizes = Array.from({ length: 300 }, (_, index) => (index % 7 === 0 ? 100_000 + index : index));
  const sending = (async () => {
    for (const size of sizes) await call.messages.send({ data: Buffer.alloc(size, size) });
    call.end();
  })();
  const seen: number[] = [];
  for await (const { data } of call.messages) {
    expect(data.every((byte) => byte === data.byteLength % 256)).toBe(true);
    seen.push(data.byteLength);
  }
  await sending;
  expect(seen).toEqual(sizes);
});

test("an error arrives with code, sentence and typed details, after the messages before it", async () => {
  const details = [{ typeUrl: "github.com/moby/buildkit/errdefs.Source", value: Buffer.from("x") }];
  const { client } = await served([
    streaming(Session, async (call) => {
      await call.messages.send({ data: Buffer.from("first") });
      throw rpcError(Code.NOT_FOUND, "no such thing: 100% ü\n", details);
    }),
  ]);
  const call = client.call(Session, { signal: never });
  expect((await call.messages.read())?.map(({ data }) => Buffer.from(data).toString())).toEqual(["first"]);
  await expect(call.messages.read()).rejects.toMatchObject({
    code: "wire/status",
    message: "no such thing: 100% ü\n",
    details: { status: { code: Code.NOT_FOUND, details: [{ typeUrl: details[0]?.typeUrl }] } },
  });
});

test("a method or service that is not there is UNIMPLEMENTED, in grpc-go's words", async () => {
  const { client } = await served([echo]);
  const status = (message: string) => ({ message, details: { status: { code: Code.UNIMPLEMENTED } } });
  await expect(client.unary(Info, {}, { signal: never })).rejects.toMatchObject(
    status("unknown method Info for service moby.buildkit.v1.Control"),
  );
  await expect(client.unary(health.HealthService.Check, {}, { signal: never })).rejects.toMatchObject(
    status("unknown service grpc.health.v1.Health"),
  );
});

test("calls that are not there leave the connection as it is", async () => {
  const { client, session } = await served([unary(Info, async () => ({}))]);
  const call = () =>
    client.unary(control.ControlService.DiskUsage, { filter: ["x".repeat(30_000)] }, { signal: never });
  await Promise.allSettled(Array.from({ length: 200 }, call));
  await client.unary(Info, {}, { signal: never });
  expect(session.usable).toBe(true);
});

test("a deadline ends the call on both sides", async () => {
  const ended = Promise.withResolvers<unknown>();
  const { client, session } = await served([
    unary(Info, async (_, call) => {
      await sleep(60_000, call.signal).catch(ended.resolve);
      throw new Error("ended");
    }),
  ]);
  // A request that is cancelled before the server has read it runs nothing.
  await session.ready;
  await expect(client.unary(Info, {}, { signal: never, timeout: 50 })).rejects.toMatchObject({
    details: { status: { code: Code.DEADLINE_EXCEEDED } },
  });
  expect(await ended.promise).toBeInstanceOf(Error);
});

test("a caller that cancels, or goes away, ends the handler", async () => {
  for (const leave of ["cancel", "vanish"]) {
    const ended = Promise.withResolvers<void>();
    const { client, session } = await served([
      streaming(Session, async (call) => {
        call.header();
        call.signal.addEventListener("abort", () => ended.resolve());
        await call.messages.read();
      }),
    ]);
    const controller = new AbortController();
    const call = client.call(Session, { signal: controller.signal });
    await call.header;
    if (leave === "cancel") controller.abort(new Error("enough"));
    else session.destroy();
    await expect(call.messages.read()).rejects.toThrow();
    await ended.promise;
  }
});

test("a message above the limit is RESOURCE_EXHAUSTED", async () => {
  const { client } = await served([echo], { messageLimit: 1000 });
  const call = client.call(Session, { signal: never });
  await call.messages.send({ data: Buffer.alloc(2000) });
  await expect(call.messages.read()).rejects.toMatchObject({
    message: "grpc: received message larger than max (2003 vs. 1000)",
    details: { status: { code: Code.RESOURCE_EXHAUSTED } },
  });
});

test("what is no gRPC is refused by HTTP", async () => {
  const { session } = await served([echo]);
  const stream = session.request([
    [":method", "GET"],
    [":path", "/"],
  ]);
  const answered = Promise.withResolvers<unknown>();
  stream.listener = { ...stream.listener, headers: answered.resolve };
  expect(await answered.promise).toEqual([[":status", "405"]]);
});

test("a server that is not there is UNAVAILABLE", async () => {
  const { client, session } = await served([echo]);
  session.destroy();
  await expect(client.unary(Info, {}, { signal: never })).rejects.toMatchObject({
    details: { status: { code: Code.UNAVAILABLE } },
  });
});

test("calls run in the other direction, inside of a call", async () => {
  const inner = unary(health.HealthService.Check, async ({ service }) => ({ status: service === "x" ? 1 : 2 }));
  const bulk = Buffer.alloc(5_000_000, 7);
  const answers = Promise.withResolvers<unknown>();
  const { client } = await served([
    streaming(Session, async (call) => {
      call.header();
      const session = clientSession(tunnel(call.messages, () => {}));
      try {
        const caller = new GrpcClient(session);
        const check = await caller.unary(health.HealthService.Check, { service: "x" }, { signal: call.signal });
        const copy = caller.call(Session, { signal: call.signal });
        await copy.messages.sendParts(bytesFront(1, bulk.byteLength), bulk);
        copy.end();
        let size = 0;
        for await (const { data } of copy.messages) size += data.byteLength;
        answers.resolve({ status: check.status, size });
      } finally {
        session.destroy();
      }
    }),
  ]);
  const call = client.call(Session, { signal: never });
  const session = serverSession(tunnel(call.messages, call.end));
  new GrpcServer([inner, echo]).attach(session);
  expect(await answers.promise).toEqual({ status: 1, size: bulk.byteLength });
  call.cancel();
});
