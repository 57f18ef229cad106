import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { quietScope } from "../kit/index.ts";
import { mediaTypes } from "../oci/index.ts";
import { createRegistryClient } from "./client.ts";
import { MemoryRegistry } from "./testing/index.ts";

const access = { credentials: async () => ({ kind: "none" }) as const };
const text = `{"schemaVersion":2,"mediaType":"${mediaTypes.ociManifest}","config":{},"layers":[]}`;

/** A forwarding proxy that sends everything to one registry and keeps the addresses it was asked for. */
async function startProxy(port: number) {
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    asked.push(incoming.url ?? "");
    const { pathname, search } = new URL(incoming.url ?? "", "http://none");
    const onward = { port, host: "127.0.0.1", path: `${pathname}${search}`, method: incoming.method ?? "GET" };
    request(onward, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(outgoing);
    }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

test("a registry is asked through HTTP_PROXY, one on the loopback directly", async () => {
  await using registry = await MemoryRegistry.start();
  registry.addManifest("app", "v1", text, mediaTypes.ociManifest);
  const proxy = await startProxy(registry.port);
  try {
    const hosts = { "registry.test": { http: true } };
    await using client = createRegistryClient({ hosts, userAgent: "t", backoff: [], proxy: { HTTP_PROXY: proxy.url } });
    await client.resolve("registry.test/app:v1", access, quietScope);
    expect(proxy.asked[0]).toBe("http://registry.test/v2/app/manifests/v1");
    const before = proxy.asked.length;
    await client.resolve(`${registry.host}/app:v1`, access, quietScope);
    expect(proxy.asked).toHaveLength(before);
  } finally {
    await proxy.stop();
  }
});
