import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Session } from "../../../session/index.ts";
import { openWorkbench, type Workbench } from "../../testing/workbench.ts";
import { SourceAnswers } from "../answers.ts";
import { httpMetadata, httpSource } from "./http-op.ts";

let bench: Workbench;
let file = { content: "one", etag: '"1"' };
const asked: { readonly method: string; readonly headers: IncomingHttpHeaders }[] = [];
const server = createServer(({ method = "", headers }, response) => {
  asked.push({ method, headers });
  response.writeHead(200, { etag: file.etag, "content-encoding": "gzip" });
  response.end(gzipSync(file.content));
});
const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/foo`;
beforeAll(async () => {
  bench = await openWorkbench();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
beforeEach(() => void asked.splice(0));
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await bench[Symbol.asyncDispose]();
});

async function download(memory = new SourceAnswers(), attrs: Record<string, string> = {}): Promise<string> {
  const op = httpSource(url(), new Map(Object.entries(attrs)), bench.storage, memory);
  await op.recipe(bench.scope());
  const [ref] = await op.execute([], bench.scope());
  return (await bench.show(ref)).foo?.split(" ").at(-1) ?? "";
}

test("HEAD asks for the encoding that GET gets, for some servers name a compressed file differently", async () => {
  expect(await download()).toBe("one");
  expect(await download()).toBe("one");
  expect(asked.map(({ method, headers }) => [method, headers["accept-encoding"]])).toEqual([
    ["GET", "gzip"],
    ["HEAD", "gzip"],
  ]);
});

test("a weak ETag is the strong one of that name", async () => {
  file = { ...file, etag: 'W/"1"' };
  expect(await download()).toBe("one");
  expect(asked.map(({ method }) => method)).toEqual(["HEAD"]);
});

test("a file that changes during a build stays what it was, in this build", async () => {
  const memory = new SourceAnswers();
  expect(await download(memory)).toBe("one");
  file = { content: "two", etag: '"2"' };
  expect(await download(memory)).toBe("one");
  expect(await download()).toBe("two");
  const checksum = `sha256:${"0".repeat(64)}`;
  await expect(download(memory, { "http.checksum": checksum })).rejects.toThrow("digest mismatch");
});

test("a file of the session's own host comes from the caller, and is not asked for elsewhere", async () => {
  const upload = async function* (address: URL) {
    yield Buffer.from(`content of ${address.pathname}`);
  };
  const scope = bench.scope([{ id: "s", upload, secret: async () => undefined } as unknown as Session]);
  const op = httpSource("http://buildkit-session/x7", new Map(), bench.storage, new SourceAnswers());
  await op.recipe(scope);
  const [ref] = await op.execute([], scope);
  expect(await bench.look(ref, (folder) => readFileSync(join(folder, "x7"), "utf8"))).toBe("content of /x7");
  const nobody = httpSource("http://buildkit-session/x8", new Map(), bench.storage, new SourceAnswers());
  await expect(nobody.recipe(bench.scope())).rejects.toThrow("no session offers an upload");
});

test("whoever checks a signature may ask for the digest of a file and bytes after it", async () => {
  const suffix = Buffer.from([1, 2, 3]);
  const ask = (wish?: { algorithm: "sha384"; suffix: Uint8Array }) =>
    httpMetadata(url(), new Map(), wish, bench.storage, new SourceAnswers(), bench.scope());
  const hex = createHash("sha384").update(file.content).update(suffix).digest("hex");
  expect((await ask({ algorithm: "sha384", suffix })).checksumResponse).toEqual({ digest: `sha384:${hex}`, suffix });
  expect((await ask()).checksumResponse).toBeUndefined();
});
