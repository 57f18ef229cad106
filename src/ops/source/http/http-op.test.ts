import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quietScope } from "../../../kit/index.ts";
import { httpAttributes } from "./attributes.ts";
import { fileName } from "./file-name.ts";
import { httpRequest } from "./request.ts";

test.each([
  ["http://h/a/b.txt", "", undefined, "b.txt"],
  ["http://h/a/b.txt", "own", undefined, "own"],
  ["http://h/a/b.txt", "../../own", undefined, "own"],
  ["http://h/", "", undefined, "download"],
  ["http://h/..%2f..%2fx", "", undefined, "x"],
  ["http://h/x", "", 'attachment; filename="../../etc/passwd"', "passwd"],
  ["http://h/x", "", "attachment; filename=plain.tar", "plain.tar"],
  ["http://h/x", "", 'attachment; filename=".."', "download"],
])(
  "a file from %s, named %j by the build and %j by the server, is called %4$s",
  (url, wanted, disposition, expected) => {
    expect(fileName(url, wanted, disposition)).toBe(expected);
  },
);

test("permissions are read as Go reads them", () => {
  expect(httpAttributes("http://h/", new Map([["http.perm", "0644"]])).mode).toBe(0o644);
  expect(httpAttributes("http://h/", new Map([["http.perm", "420"]])).mode).toBe(0o644);
  expect(() => httpAttributes("http://h/", new Map([["http.perm", "rw"]]))).toThrow("not a number");
});

const seen: string[] = [];
const server = createServer((request, response) => {
  seen.push(`${request.url} ${request.headers.authorization ?? "-"}`);
  if (request.url === "/loop") response.writeHead(302, { location: "/loop" }).end();
  else if (request.url === "/away") response.writeHead(302, { location: `http://localhost:${port()}/here` }).end();
  else response.end("here it is");
});
const port = () => (server.address() as AddressInfo).port;
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => new Promise((resolve) => server.close(resolve)));

test("credentials do not follow a redirect to another host", async () => {
  const url = `http://127.0.0.1:${port()}/away`;
  const answer = await httpRequest({ method: "GET", url, headers: { authorization: "secret" } }, quietScope);
  expect(Buffer.concat(await Array.fromAsync(answer.body)).toString()).toBe("here it is");
  expect(seen).toEqual(["/away secret", "/here -"]);
});

test("a loop of redirects ends", async () => {
  const url = `http://127.0.0.1:${port()}/loop`;
  await expect(httpRequest({ method: "GET", url, headers: {} }, quietScope)).rejects.toThrow(
    "stopped after 10 redirects",
  );
});
