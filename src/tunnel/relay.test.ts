import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { sleep } from "../kit/index.ts";
import { sendFrom, writeInto } from "./relay.ts";

const folder = mkdtempSync(join(tmpdir(), "cooper-relay-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Both ends of a connection. */
async function pair(): Promise<{ readonly near: Socket; readonly far: Socket } & Disposable> {
  const path = join(folder, `${Math.random()}`.slice(2));
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer(accepted.resolve);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const far = connect(path);
  const near = await accepted.promise;
  server.close();
  for (const socket of [near, far]) socket.on("error", () => {});
  return {
    near,
    far,
    [Symbol.dispose]: () => {
      near.destroy();
      far.destroy();
    },
  };
}

const megabyte = Buffer.alloc(1 << 20, 1);

test("a socket is read no further than its words are taken, and then to its end", async () => {
  using sockets = await pair();
  const free = Promise.withResolvers<void>();
  let size = 0;
  let sends = 0;
  sendFrom(sockets.near, {
    send: ({ data }) => {
      size += data.byteLength;
      sends++;
      return free.promise;
    },
  });
  const ended = new Promise((resolve) => sockets.near.once("end", resolve));
  for (let number = 0; number < 16; number++) sockets.far.write(megabyte);
  sockets.far.end();
  while (sends === 0) await sleep(5);
  await sleep(100);
  expect(sends).toBe(1);
  free.resolve();
  await ended;
  expect(size).toBe(16 << 20);
});

test("messages are read no further than the socket takes them, and then to their end", async () => {
  using sockets = await pair();
  let asked = 0;
  const messages = async function* () {
    while (asked < 64) {
      asked++;
      yield { data: megabyte };
    }
  };
  const written = writeInto(sockets.near, messages());
  while (asked === 0) await sleep(5);
  await sleep(100);
  expect(asked).toBeLessThan(8);
  let size = 0;
  for await (const piece of sockets.far) size += (piece as Buffer).byteLength;
  await written;
  expect(size).toBe(64 << 20);
});

test("a socket that is closed while it takes no more ends the reading", async () => {
  using sockets = await pair();
  let given = false;
  const messages = async function* () {
    for (;;) {
      given = true;
      yield { data: megabyte };
    }
  };
  const written = writeInto(sockets.near, messages());
  while (!given) await sleep(5);
  sockets.near.destroy();
  await written;
});
