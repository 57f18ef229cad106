import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { GrpcServer } from "../grpc/index.ts";
import { sleep } from "../kit/index.ts";
import { type ListenOptions, listen } from "./listen.ts";

let folder = "";
const clients: Socket[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-listen-"));
});
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  rmSync(folder, { recursive: true, force: true });
});

function certificate(): NonNullable<ListenOptions["tls"]> {
  const [cert, key] = [join(folder, "cert"), join(folder, "key")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=127.0.0.1"];
  execFileSync("openssl", ["req", "-x509", ...kind, "-days", "2", "-keyout", key, "-out", cert], { stdio: "ignore" });
  return { cert, key };
}

/** Connects and says nothing. */
async function silentClient(address: string): Promise<Socket> {
  const client = connect(Number(new URL(address.replace("tcp:", "http:")).port), "127.0.0.1");
  clients.push(client);
  client.on("error", () => {});
  await once(client, "connect");
  return client;
}

/** The kernel's line about the server's end of a connection: its fields. */
function serverEnd(client: Socket): readonly string[] {
  const hex = (port = 0) => port.toString(16).toUpperCase().padStart(4, "0");
  const { port } = client.address() as AddressInfo;
  const ends = [`0100007F:${hex(client.remotePort)}`, `0100007F:${hex(port)}`];
  const lines = readFileSync("/proc/net/tcp", "utf8").split("\n");
  const found = lines
    .map((line) => line.trim().split(/\s+/))
    .find(([, ...words]) => words[0] === ends[0] && words[1] === ends[1]);
  return found ?? [];
}

test.each(["with TLS", "without TLS"])(
  "an address ends although somebody has connected and says nothing, %s",
  async (kind) => {
    const options = kind === "with TLS" ? { tls: certificate() } : {};
    const listener = await listen("tcp://127.0.0.1:0", new GrpcServer([]), options);
    const client = await silentClient(listener.address);
    const closed = once(client, "close");
    client.resume();
    await listener[Symbol.asyncDispose]();
    await closed;
    expect(client.destroyed).toBe(true);
  },
);

test.each(["with TLS", "without TLS"])(
  "the kernel asks whether a caller's machine is still there, %s",
  async (kind) => {
    const options = kind === "with TLS" ? { tls: certificate() } : {};
    await using listener = await listen("tcp://127.0.0.1:0", new GrpcServer([]), options);
    const client = await silentClient(listener.address);
    // Its timer: 02 is that of questions to a silent peer.
    for (let tries = 0; tries < 500 && !serverEnd(client)[5]?.startsWith("02:"); tries++) await sleep(20);
    expect(serverEnd(client)[5]).toMatch(/^02:/);
  },
);
