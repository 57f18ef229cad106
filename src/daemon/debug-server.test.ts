import { mkdtempSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { serveDebug } from "./debug-server.ts";
import type { Metrics } from "./metrics.ts";

const folder = mkdtempSync(join(tmpdir(), "cooper-debug-"));
afterAll(() => rmSync(folder, { recursive: true }));
const metrics = { text: () => "up 1\n", runningCalls: () => [] } as unknown as Metrics;

test("a socket may be the address, for this user alone; it is gone afterwards", async () => {
  const path = join(folder, "debug.sock");
  {
    await using server = await serveDebug(`unix://${path}`, metrics);
    expect(server.address).toBe(`unix://${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const body = await new Promise<string>((resolve, reject) => {
      const asked = request({ socketPath: path, path: "/metrics" }, async (response) =>
        resolve((await response.toArray()).join("")),
      );
      asked.once("error", reject).end();
    });
    expect(body).toBe("up 1\n");
  }
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
});

test("a port may be the address; what is neither is refused", async () => {
  await using server = await serveDebug("127.0.0.1:0", metrics);
  expect(await (await fetch(`${server.address}/metrics`)).text()).toBe("up 1\n");
  await expect(serveDebug("nowhere", metrics)).rejects.toThrow("invalid debugging address nowhere");
});
