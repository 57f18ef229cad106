/** Addresses guarded by certificates, and clients that vanish. */
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { remote } from "../../src/client/index.ts";
import { type Daemon, type DaemonOptions, startDaemon } from "../../src/daemon/index.ts";
import { quietScope, sleep } from "../../src/kit/index.ts";
import { plainEngine } from "../support/plain-engine.ts";

const { dial, queries } = await remote();
let folder = "";
let daemon: Daemon | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-guarded-"));
});
afterEach(async () => {
  await daemon?.shutDown(0);
  daemon = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<DaemonOptions>): Promise<string> {
  const engine = plainEngine(join(folder, "root"));
  daemon = await startDaemon({ addresses: [`unix://${folder}/sock`], engine, labels: {}, ...options }, quietScope);
  return daemon.addresses[0] ?? "";
}

/** An authority, and certificates of it for a server and a client. */
function certificates() {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  const key = (name: string) => [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    `${name}.key`,
  ];
  openssl("req", "-x509", ...key("ca"), "-out", "ca.pem", "-subj", "/CN=ca", "-days", "2");
  for (const name of ["server", "client"]) {
    writeFileSync(join(folder, `${name}.ext`), "subjectAltName=IP:127.0.0.1\n");
    openssl("req", ...key(name), "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", `${name}.ext`];
    openssl("x509", "-req", "-in", `${name}.csr`, "-out", `${name}.pem`, ...signed);
  }
  return (name: string) => join(folder, name);
}

test("with an authority for clients, only one with a certificate of it gets in", async () => {
  const file = certificates();
  const tls = { cert: file("server.pem"), key: file("server.key"), ca: file("ca.pem") };
  const address = await start({ addresses: ["tcp://127.0.0.1:0"], tls });
  const known = {
    address,
    timeout: 60_000,
    tls: { ca: file("ca.pem"), cert: file("client.pem"), key: file("client.key") },
  };
  await using connection = await dial(known, quietScope);
  expect(await queries.workers(connection, [], quietScope)).toHaveLength(1);
  const unknown = { address, timeout: 60_000, tls: { ca: file("ca.pem") } };
  await expect(dial(unknown, quietScope)).rejects.toMatchObject({ code: "client/unreachable" });
  await expect(dial({ address, timeout: 2000 }, quietScope)).rejects.toMatchObject({ code: "client/unreachable" });
});

test("the step of a client that was killed ends, and nothing of it stays", async () => {
  const address = await start({});
  mkdirSync(join(folder, "context"));
  cpSync("/usr/bin/busybox", join(folder, "context/busybox"));
  writeFileSync(
    join(folder, "context/Dockerfile"),
    'FROM scratch\nCOPY busybox /bin/sh\nRUN ["/bin/sh", "-c", "echo begun; sleep 600"]\n',
  );
  const locals = ["--local", "context=context", "--local", "dockerfile=context"];
  const client = spawn(
    process.execPath,
    [
      resolve(import.meta.dirname, "../../src/cli/entry/buildctl.ts"),
      "--addr",
      address,
      "build",
      "--progress=plain",
    ].concat("--frontend=dockerfile.v0", locals),
    { cwd: folder, stdio: ["ignore", "ignore", "pipe"], env: { PATH: process.env.PATH, HOME: folder } },
  );
  let said = "";
  await new Promise<void>((begun) =>
    client.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      // The step's own word: its name has it, too.
      if (/^#\d+ [\d.]+ begun$/m.test(said)) begun();
    }),
  );
  client.kill("SIGKILL");
  await using connection = await dial({ address, timeout: 60_000 }, quietScope);
  for (;;) {
    await queries.prune(connection, { all: true }, () => {}, quietScope);
    const left = await queries.diskUsage(connection, [], quietScope);
    if (left.length === 0) break;
    await sleep(100);
  }
});
