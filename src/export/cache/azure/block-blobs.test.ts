import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { bytesOf, quietScope } from "../../../kit/index.ts";
import { BlockBlobs, blockSize, signedAddress, withQuery } from "./block-blobs.ts";
import { sharedKey, stringToSign } from "./shared-key.ts";

test("a blob that is larger than a block is sent in blocks, in order, and the list names them", async () => {
  const blocks = new Map<string, Buffer>();
  const lists: string[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
    const query = new URL(request.url ?? "", "http://h").searchParams;
    expect(query.get("sig")).toBe("a+b");
    if (query.get("comp") === "block") blocks.set(query.get("blockid") ?? "", body);
    else lists.push(body.toString());
    response.writeHead(201).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/c/k?sig=a%2Bb`);
    const whole = randomBytes(blockSize * 2 + 5);
    const body = { size: whole.byteLength, sha256: "", open: () => bytesOf(whole.subarray(0, 7), whole.subarray(7)) };
    await new BlockBlobs(signedAddress).put(url, body, {}, quietScope);
    const ids = [...(lists[0] ?? "").matchAll(/<Latest>(.*?)</g)].map(([, id]) => id ?? "");
    expect(lists).toHaveLength(1);
    expect(new Set(ids.map((id) => id.length)).size).toBe(1);
    expect(Buffer.concat(ids.map((id) => blocks.get(id) ?? Buffer.alloc(0))).equals(whole)).toBe(true);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("a signed address stays as it is written when something is added", () => {
  const signed = new URL("https://h/c/k?sig=a%2Bb%20c&se=2026");
  expect(withQuery(signed, { comp: "block", blockid: "a+=" }).search).toBe(
    "?sig=a%2Bb%20c&se=2026&comp=block&blockid=a%2B%3D",
  );
});

test("the text that is signed is the one of Microsoft's example", () => {
  const headers = {
    "x-ms-date": "Fri, 26 Jun 2015 23:39:12 GMT",
    "x-ms-version": "2015-02-21",
    "content-length": "0",
  };
  const url = new URL("https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=metadata&timeout=20");
  expect(stringToSign("myaccount", "GET", url, headers)).toBe(
    "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20",
  );
});

test("what is no key of an account is refused at once", () => {
  expect(() => sharedKey("a", "no base64!")).toThrow("failed to create shared key: decode account key");
});
