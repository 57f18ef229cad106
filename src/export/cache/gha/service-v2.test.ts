import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { bytesOf, collect, quietScope } from "../../../kit/index.ts";
import { ActionsHttp } from "./actions-http.ts";
import { ServiceV2 } from "./service-v2.ts";

test("an address that is no longer good is asked for again", async () => {
  let given = 0;
  const server = createServer((request, response) => {
    if (request.url?.endsWith("/GetCacheEntryDownloadURL")) {
      const signed_download_url = `http://${request.headers.host}/blob?sig=${++given}`;
      return void response.end(JSON.stringify({ ok: true, signed_download_url, matched_key: "k#7" }));
    }
    if (request.url !== "/blob?sig=2") return void response.writeHead(403).end("<Code>AuthenticationFailed</Code>");
    response.end("the bytes");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const entry = await new ServiceV2(new ActionsHttp("t", 1000), url).load("k#", quietScope);
    expect(entry?.key).toBe("k#7");
    expect(String(await collect((await entry?.open(quietScope)) ?? bytesOf(), 100))).toBe("the bytes");
    expect(given).toBe(2);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test.each([
  [400, '{"code":"permission_denied","msg":"no write"}', "permission_denied: no write"],
  [500, "<html>", "failed to parse error response 500: <html>"],
  [418, "{}", "unknown error 418 I'm a Teapot: {}"],
])("a refusal of status %i tells what the service says", async (status, text, sentence) => {
  const server = createServer((_, response) => void response.writeHead(status).end(text));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const service = new ServiceV2(new ActionsHttp("t", 1000), url);
    await expect(service.reserve("k", quietScope)).rejects.toMatchObject({
      code: "export/gha-failed",
      message: sentence,
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
