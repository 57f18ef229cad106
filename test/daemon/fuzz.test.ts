/** A daemon that is sent anything: it goes on answering, holds nothing, and ends. The seed is fixed; set FUZZ_SEED and FUZZ_ROUNDS for more. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { remote } from "../../src/client/index.ts";
import { type Daemon, startDaemon } from "../../src/daemon/index.ts";
import { content, control, gateway, health, otlp } from "../../src/grpc/index.ts";
import { quietScope, sleep } from "../../src/kit/index.ts";
import { encode, type Method, pb } from "../../src/wire/index.ts";
import { oddBytes, oddMessage, pick, randomFrom } from "../support/odd-values.ts";
import { plainEngine } from "../support/plain-engine.ts";

const { dial, queries } = await remote();
const random = randomFrom(Number(process.env.FUZZ_SEED ?? 20_240_229));
const rounds = Number(process.env.FUZZ_ROUNDS ?? 6);

type AnyMethod = Method<unknown, unknown>;
const services = [
  control.ControlService,
  gateway.LLBBridgeService,
  content.ContentService,
  health.HealthService,
  otlp.TraceServiceService,
];
const methods = services.flatMap((service) => Object.values(service) as AnyMethod[]);

let folder = "";
let daemon: Daemon;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cooper-fuzz-"));
  const engine = plainEngine(join(folder, "root"));
  daemon = await startDaemon({ addresses: [`unix://${folder}/sock`], engine, labels: {} }, quietScope);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The daemon answers, whatever came before. */
async function answers() {
  await using connection = await dial({ address: `unix://${folder}/sock`, timeout: 20_000 }, quietScope);
  expect((await queries.info(connection, quietScope))?.package).toBe("github.com/moby/buildkit");
}

interface Sent {
  readonly method: AnyMethod;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Vanishes in the middle. */
  readonly cut?: boolean;
}

/** Sends bytes as a call on a connection of its own, waits a little, and leaves. Its status, when one came. */
async function send({ method, headers = {}, body, cut = false }: Sent): Promise<number | undefined> {
  const session = connectHttp2("http://localhost", { createConnection: () => connect(join(folder, "sock")) });
  session.on("error", () => {});
  const common = { ":method": "POST", ":path": method.path, "content-type": "application/grpc", te: "trailers" };
  const stream = session.request({ ...common, ...headers });
  stream.on("error", () => {});
  stream.resume();
  let status: number | undefined;
  const note = (trailers: Record<string, unknown>) => {
    if (trailers["grpc-status"] !== undefined) status = Number(trailers["grpc-status"]);
  };
  stream.on("trailers", note);
  stream.on("response", note);
  if (cut) stream.write(body.subarray(0, Math.floor(body.byteLength * random())));
  else stream.end(body);
  const ended = new Promise<void>((resolve) => stream.once("close", () => resolve()));
  await Promise.race([ended, sleep(cut ? Math.floor(random() * 30) : 150)]);
  session.destroy();
  return status;
}

const frame = (message: Uint8Array) => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([head, message]);
};
const build = (ref: string) => ({ "buildkit-controlapi-buildid": ref });

test("bytes that are no HTTP/2 at all", async () => {
  for (let round = 0; round < rounds * 4; round++) {
    const socket = connect(join(folder, "sock"));
    socket.on("error", () => {});
    const preface = random() < 0.5 ? Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") : Buffer.alloc(0);
    socket.write(Buffer.concat([preface, oddBytes(random, 500)]));
    await sleep(5);
    socket.destroy();
  }
  await answers();
});

test("frames of any bytes, and lengths that lie, at every call", async () => {
  for (const method of methods) {
    const lying = frame(oddBytes(random, 40));
    lying.writeUInt32BE(pick([0, 1, 0xff_ff_ff_ff, 20 << 20], random), 1);
    const bodies = [oddBytes(random, 200), frame(oddBytes(random, 200)), lying];
    const statuses = await Promise.all(bodies.map((body) => send({ method, body, headers: build("nobody") })));
    for (const status of statuses)
      expect([undefined, ...Array.from({ length: 17 }, (_, code) => code)]).toContain(status);
  }
  await answers();
});

test("well-formed messages with odd values, at every call", async () => {
  for (let round = 0; round < rounds; round++) {
    const sending = methods.map((method) => {
      const body = frame(encode(method.input, oddMessage(method.input, random)));
      return send({ method, body, headers: build(`odd${round}`), cut: random() < 0.3 });
    });
    await Promise.all(sending);
  }
  await answers();
});

test("definitions out of odd ops", async () => {
  const { Solve } = control.ControlService;
  for (let round = 0; round < rounds * 5; round++) {
    const ops = Array.from({ length: 1 + Math.floor(random() * 5) }, () => encode(pb.Op, oddMessage(pb.Op, random)));
    const definition = encode(pb.Definition, { def: ops });
    const body = frame(encode(Solve.input, { ref: `def${round}`, graph: { case: "definition", value: definition } }));
    await send({ method: Solve, body });
  }
  await answers();
});

test("clients that are the frontend and vanish at any moment", async () => {
  const { Solve, Status } = control.ControlService;
  const { Ping, Solve: GatewaySolve, Return } = gateway.LLBBridgeService;
  for (let round = 0; round < rounds * 2; round++) {
    const ref = `gone${round}`;
    const headers = build(ref);
    const odd = (method: AnyMethod) => frame(encode(method.input, oddMessage(method.input, random)));
    await Promise.all([
      send({ method: Solve, body: frame(encode(Solve.input, { ref })), cut: random() < 0.5 }),
      send({ method: Status, body: frame(encode(Status.input, { ref })), cut: random() < 0.5 }),
      send({ method: Ping, body: frame(new Uint8Array()), headers }),
      send({ method: GatewaySolve, body: odd(GatewaySolve), headers, cut: random() < 0.5 }),
      send({ method: Return, body: odd(Return), headers, cut: random() < 0.8 }),
    ]);
  }
  await answers();
});

test("in the end nothing is held: disk usage is empty after prune, and the daemon stops", async () => {
  await using connection = await dial({ address: `unix://${folder}/sock`, timeout: 20_000 }, quietScope);
  for (;;) {
    await queries.prune(connection, { all: true }, () => {}, quietScope);
    if ((await queries.diskUsage(connection, [], quietScope)).length === 0) break;
    await sleep(100);
  }
  await daemon.shutDown(0);
  for (const name of ["run", "trash"]) expect(readdirSync(join(folder, "root", name))).toEqual([]);
});
