import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSocket } from "./dial.ts";

/** The time is over when this process looks the next time: it is held up between the call for the socket and the news of it. */
function stalledSignal(): AbortSignal {
  const controller = new AbortController();
  const { signal } = controller;
  signal.addEventListener = (...args: Parameters<AbortSignal["addEventListener"]>) => {
    EventTarget.prototype.addEventListener.apply(signal, args);
    setTimeout(() => controller.abort(new Error("too late")), 1);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  };
  return signal;
}

test("a socket that is open counts, though its time was over while this process was held up", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cooper-dial-"));
  const server = createServer().listen(join(folder, "sock"));
  try {
    await once(server, "listening");
    const address = `unix://${join(folder, "sock")}`;
    const socket = await openSocket({ address, timeout: 1 }, stalledSignal());
    expect(socket.destroyed).toBe(false);
    socket.destroy();
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});
