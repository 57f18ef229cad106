import { createServer, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { sha256 } from "../kit/index.ts";
import { Authority } from "./authority.ts";
import { proxyServer } from "./proxy.ts";
import { RequestRecord, shownUrl } from "./request-record.ts";

let authority: Authority;
let proxy: ReturnType<typeof proxyServer>;
let record: RequestRecord;
let allow: (url: string, method: string) => string;
const seen: { readonly url: string; readonly headers: IncomingMessage["headers"]; readonly body: string }[] = [];

/** Where steps want to. */
const origin = createServer(async (incoming, response) => {
  let body = "";
  for await (const chunk of incoming) body += chunk;
  seen.push({ url: incoming.url ?? "", headers: incoming.headers, body });
  if (incoming.url === "/moved") response.writeHead(302, { location: "/there" }).end();
  else if (incoming.url === "/broken")
    response.writeHead(200, { "content-length": 10 }).write("abc", () => response.destroy());
  else if (incoming.url === "/missing") response.writeHead(404).end("no");
  else response.writeHead(200, { connection: "x-hop", "x-hop": "1", "x-end": "2" }).end(`answer to ${incoming.url}`);
});
const portOf = (server: { address(): AddressInfo | string | null }) => (server.address() as AddressInfo).port;
const at = (path: string) => `http://127.0.0.1:${portOf(origin)}${path}`;

beforeAll(async () => {
  authority = await Authority.create();
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
});
beforeEach(async () => {
  await proxy?.[Symbol.asyncDispose]();
  seen.splice(0);
  record = new RequestRecord();
  allow = (url) => url;
  proxy = proxyServer(authority, async (url, method) => allow(url, method), record);
  await new Promise<void>((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  origin.closeAllConnections();
  await new Promise((resolve) => origin.close(resolve));
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}
function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { method = "GET", headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const host = new URL(url).host;
    const outgoing = request({
      port: portOf(proxy.server),
      path: url,
      method,
      headers: { host, ...headers },
      agent: false,
    });
    outgoing.on("error", reject);
    outgoing.on("response", async (response) => {
      try {
        let text = "";
        for await (const chunk of response) text += chunk;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.end(body);
  });
}

/** An answer may be here before the proxy has written down that it passed. */
const soon = (look: () => unknown, wanted: unknown) => expect.poll(look, { timeout: 30_000 }).toEqual(wanted);

test("a request goes on to where it wants to, without what concerns the proxy alone, and is recorded", async () => {
  const answer = await ask(at("/a?b=c"), {
    headers: { "proxy-authorization": "x", "accept-encoding": "gzip", "x-own": "y" },
  });
  expect(answer).toMatchObject({ status: 200, body: "answer to /a?b=c" });
  expect(answer.headers).toMatchObject({ "x-end": "2" });
  expect(answer.headers).not.toHaveProperty("x-hop");
  expect(seen[0]?.headers).toMatchObject({ host: new URL(at("/")).host, "x-own": "y" });
  expect(Object.keys(seen[0]?.headers ?? {})).not.toContain("proxy-authorization");
  expect(Object.keys(seen[0]?.headers ?? {})).not.toContain("accept-encoding");
  expect(record.text()).toBe(`proxy network requests:\n- GET ${at("/a?b=c")} -> 200\n`);
  await soon(() => [...record.materials()], [[at("/a?b=c"), sha256("answer to /a?b=c")]]);
});

test("what is sent goes on as well, but its answer is no material", async () => {
  await ask(at("/up"), { method: "POST", body: "sent" });
  expect(seen[0]?.body).toBe("sent");
  await soon(() => record.incomplete, [{ method: "POST", url: at("/up"), reason: "method_not_materializable" }]);
  expect(record.materials().size).toBe(0);
});

test("policies may refuse a request, or give it another address", async () => {
  allow = (url) => {
    if (url.endsWith("/denied")) throw new Error("not that one");
    return url.replace("/old", "/new");
  };
  expect(await ask(at("/denied"))).toMatchObject({ status: 403, body: "Forbidden\n" });
  expect(await ask(at("/old"))).toMatchObject({ status: 200, body: "answer to /new" });
  expect(seen.map(({ url }) => url)).toEqual(["/new"]);
  await soon(() => [...record.materials().keys()], [at("/new")]);
});

test("what cannot be had whole is recorded with the reason", async () => {
  expect((await ask(at("/missing"))).status).toBe(404);
  await ask(at("/part"), { headers: { range: "bytes=0-1" } });
  await expect(ask(at("/broken"))).rejects.toThrow();
  expect((await ask("http://127.0.0.1:1/nobody")).status).toBe(502);
  const reasons = ["unsuccessful_response", "partial_response", "body_read_failed", "upstream_error"];
  await soon(() => record.incomplete.map(({ reason }) => reason).sort(), reasons.sort());
});

test("an address that leads to another one has that one's content", async () => {
  expect((await ask(at("/moved"))).status).toBe(302);
  await ask(at("/there"));
  await soon(() => record.materials().get(at("/moved")), sha256("answer to /there"));
});

/** Raw words to the proxy, whose sender ends its side at once, and all that comes back. */
const raw = (words: string) =>
  new Promise<string>((resolve, reject) => {
    let text = "";
    const socket: Socket = connect({ port: portOf(proxy.server), host: "127.0.0.1", allowHalfOpen: true });
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
    socket.end(words);
  });

test("who ends its side of the connection after its request is answered all the same", async () => {
  const text = await raw(`GET ${at("/x")} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n`);
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(text).toContain("answer to /x");
});

test("HTTPS is opened on the way, with a certificate that the authority vouches for", async () => {
  const tunnel = await new Promise<Socket>((resolve, reject) => {
    const outgoing = request({ port: portOf(proxy.server), method: "CONNECT", path: "127.0.0.1:1", agent: false });
    outgoing.on("error", reject);
    outgoing.on("connect", (_, socket) => resolve(socket as Socket));
    outgoing.end();
  });
  const secure = connectTls({ socket: tunnel, host: "127.0.0.1", ca: authority.certificate });
  await new Promise((resolve, reject) => secure.once("secureConnect", resolve).once("error", reject));
  secure.write("GET /secret HTTP/1.1\r\nhost: 127.0.0.1:1\r\nconnection: close\r\n\r\n");
  let text = "";
  for await (const chunk of secure) text += chunk;
  expect(text).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
  expect(record.text()).toContain("- GET https://127.0.0.1:1/secret -> 502\n");
});

test.each(["GARBAGE\r\n\r\n", "CONNECT  HTTP/1.1\r\n\r\n", "CONNECT [::x HTTP/1.1\r\nhost: a\r\n\r\n"])(
  "nonsense ends its connection and nothing else: %j",
  async (words) => {
    await raw(words).catch(() => "");
    expect((await ask(at("/still"))).status).toBe(200);
  },
);

test("an address is shown without a password, and without a port that goes without saying", () => {
  expect(shownUrl("http://user:secret@h.example:80/p?q")).toBe("http://xxxxx:xxxxx@h.example/p?q");
});
