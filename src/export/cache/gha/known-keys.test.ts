import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { quietScope } from "../../../kit/index.ts";
import { knownKeys } from "./known-keys.ts";

test("all pages of all scopes are read, with the token", async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://h");
    const [page, ref] = [Number(url.searchParams.get("page")), url.searchParams.get("ref")];
    asked.push(`${request.headers.authorization} ${url.pathname} ${url.searchParams.get("key")}`);
    const actions_caches = ref === "a" ? [{ key: `blob-${page}` }] : [];
    response.end(JSON.stringify({ total_count: ref === "a" ? 150 : 0, actions_caches }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const token = { raw: "", scopes: ["a", "b"].map((scope) => ({ scope, writable: true })) };
    const keys = await knownKeys({ repository: "o/r", token: "gh", api }, token, "blob-", quietScope);
    expect([...keys]).toEqual(["blob-1", "blob-2"]);
    expect(asked).toEqual(Array(3).fill("Bearer gh /repos/o/r/actions/caches blob-"));
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
