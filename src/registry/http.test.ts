import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { expect, test } from "vitest";
import { Agents } from "./agents.ts";
import { failureOf } from "./failure.ts";
import { send } from "./http.ts";

/** Asks a server that answers as `listener` does, and reads all of the answer. */
async function ask(listener: RequestListener, stallLimit: number): Promise<Buffer> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  using agents = new Agents({ insecure: false, ca: [], keyPairs: [] }, {});
  try {
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const scope = { signal: new AbortController().signal, log: () => {} };
    const response = await send({ method: "GET", url, headers: {}, stallLimit }, agents, false, scope);
    return await response.all(1024);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Sends a byte now and then, so that the connection is never quite still. */
function drip(write: (text: string) => void, every: number): NodeJS.Timeout {
  const timer = setInterval(() => write("x"), every);
  return timer.unref();
}

test("a kept connection that the server has closed meanwhile is no failure", async () => {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    // The second request on a connection meets one that is going away.
    if (sockets.has(request.socket)) request.socket.destroy();
    else response.end("here");
    sockets.add(request.socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  using agents = new Agents({ insecure: false, ca: [], keyPairs: [] }, {});
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const scope = { signal: new AbortController().signal, log: () => {} };
  for (const _ of [1, 2, 3]) {
    const response = await send({ method: "GET", url, headers: {}, stallLimit: 60_000 }, agents, false, scope);
    expect((await response.all(10)).toString()).toBe("here");
  }
  expect(sockets.size).toBe(3);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const errno = async (asked: Promise<Buffer>) => failureOf(await asked.catch((error: unknown) => error))?.errno;

test("a server that never answers is given up", async () => {
  expect(await errno(ask(() => {}, 150))).toBe("ETIMEDOUT");
});

test("an answer's head that comes a byte at a time is given up", async () => {
  const slowHead: RequestListener = (_, response) => {
    response.socket?.write("HTTP/1.1 200 OK\r\nx: ");
    drip((text) => response.socket?.write(text), 20);
  };
  expect(await errno(ask(slowHead, 150))).toBe("ETIMEDOUT");
});

test("a body that comes a byte at a time is given up", async () => {
  const slowBody: RequestListener = (_, response) => {
    response.writeHead(200, { "content-length": 1000 });
    drip((text) => response.write(text), 20);
  };
  expect(await errno(ask(slowBody, 150))).toBe("ETIMEDOUT");
});

test("a short body may take its time", async () => {
  const late: RequestListener = (_, response) => void setTimeout(() => response.end("late"), 100);
  expect((await ask(late, 60_000)).toString()).toBe("late");
});
