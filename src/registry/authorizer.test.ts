import { describe, expect, test } from "vitest";
import { quietScope } from "../kit/index.ts";
import { mediaTypes } from "../oci/index.ts";
import { createRegistryClient } from "./client.ts";
import type { Credentials, RegistryAccess } from "./contract.ts";
import { requestToken } from "./request-token.ts";
import { type GuardOptions, MemoryRegistry } from "./testing/index.ts";

const text = `{"schemaVersion":2,"mediaType":"${mediaTypes.ociManifest}","config":{},"layers":[]}`;
const withCredentials = (credentials: Credentials): RegistryAccess => ({ credentials: async () => credentials });
const anonymous = withCredentials({ kind: "none" });

async function withGuard(
  guard: GuardOptions,
  work: (registry: MemoryRegistry, client: ReturnType<typeof createRegistryClient>) => Promise<void>,
): Promise<void> {
  await using registry = await MemoryRegistry.start({ guard });
  registry.addManifest("team/app", "v1", text, mediaTypes.ociManifest);
  await using client = createRegistryClient({ hosts: {}, userAgent: "cooper-test", backoff: [1] });
  await work(registry, client);
}

const tokenCalls = (registry: MemoryRegistry) => registry.seen.filter((request) => request.path.startsWith("/token"));

describe("token authorization", () => {
  test("gets an anonymous token once for two pulls of one repository", async () => {
    await withGuard({ kind: "token" }, async (registry, client) => {
      await client.resolve(`${registry.host}/team/app:v1`, anonymous, quietScope);
      await client.resolve(`${registry.host}/team/app:v1`, anonymous, quietScope);
      expect(tokenCalls(registry).map((request) => request.path)).toEqual([
        "/token?scope=repository%3Ateam%2Fapp%3Apull&service=golden",
      ]);
    });
  });

  test("asks for pull and push at once when it will push", async () => {
    await withGuard({ kind: "token" }, async (registry, client) => {
      const bytes = Buffer.from("x");
      const descriptor = registry.addBlob("elsewhere", bytes);
      const open = async function* () {
        yield bytes;
      };
      await client.pushBlob(`${registry.host}/team/app`, descriptor, { mountFrom: [], open }, anonymous, quietScope);
      expect(tokenCalls(registry).map((request) => request.path)).toEqual([
        "/token?scope=repository%3Ateam%2Fapp%3Apull%2Cpush&service=golden",
      ]);
    });
  });

  test("takes the token of whoever gets it itself, and asks nobody for a password then", async () => {
    await withGuard({ kind: "token", secret: "me:pass" }, async (registry, client) => {
      const wishes: unknown[] = [];
      const credentials = Object.assign(
        async (): Promise<Credentials> => {
          throw new Error("the password was asked for");
        },
        {
          tokens: async (host: string, wish: { realm: string; service: string; scopes: readonly string[] }) => {
            wishes.push(wish.scopes);
            const mine = { kind: "basic", username: "me", password: "pass" } as const;
            return requestToken(
              { host, ...wish },
              mine,
              { userAgent: "x", proxy: undefined, tls: undefined },
              quietScope,
            );
          },
        },
      );
      await client.resolve(`${registry.host}/team/app:v1`, { credentials }, quietScope);
      await client.resolve(`${registry.host}/team/app:v1`, { credentials }, quietScope);
      expect(wishes).toEqual([["repository:team/app:pull"]]);
    });
  });

  test("asks for credentials when nobody gets tokens itself after all", async () => {
    await withGuard({ kind: "token", secret: "me:pass" }, async (registry, client) => {
      const credentials = Object.assign(
        async (): Promise<Credentials> => ({ kind: "basic", username: "me", password: "pass" }),
        { tokens: async () => undefined },
      );
      await client.resolve(`${registry.host}/team/app:v1`, { credentials }, quietScope);
      expect(tokenCalls(registry)).toHaveLength(1);
    });
  });

  test("sends a password by GET, and by POST to a server that wants that", async () => {
    const basic = withCredentials({ kind: "basic", username: "me", password: "pass" });
    await withGuard({ kind: "token", secret: "me:pass", refuse: { GET: 405 } }, async (registry, client) => {
      await client.resolve(`${registry.host}/team/app:v1`, basic, quietScope);
      expect(tokenCalls(registry).map((request) => request.method)).toEqual(["GET", "POST"]);
    });
  });

  test("sends an identity token by POST, and by GET to a server that wants that", async () => {
    const identity = withCredentials({ kind: "identityToken", token: "idtok" });
    await withGuard({ kind: "token", secret: ":idtok", refuse: { POST: 404 } }, async (registry, client) => {
      await client.resolve(`${registry.host}/team/app:v1`, identity, quietScope);
      expect(tokenCalls(registry).map((request) => request.method)).toEqual(["POST", "GET"]);
    });
  });

  test("uses a ready bearer token as it is", async () => {
    const token = Buffer.from('["repository:team/app:pull"]').toString("base64url");
    await withGuard({ kind: "token" }, async (registry, client) => {
      await client.resolve(`${registry.host}/team/app:v1`, withCredentials({ kind: "bearer", token }), quietScope);
      expect(tokenCalls(registry)).toEqual([]);
    });
  });

  test("never gives one caller's token to another", async () => {
    await withGuard({ kind: "token", secret: "me:pass" }, async (registry, client) => {
      const mine = withCredentials({ kind: "basic", username: "me", password: "pass" });
      await client.resolve(`${registry.host}/team/app:v1`, mine, quietScope);
      const theirs = client.resolve(`${registry.host}/team/app:v1`, anonymous, quietScope);
      await expect(theirs).rejects.toMatchObject({ code: "registry/unauthorized" });
    });
  });

  test("gets a new token when the old one is refused", async () => {
    const revoked = new Set<string>();
    await withGuard({ kind: "token", revoked }, async (registry, client) => {
      await client.resolve(`${registry.host}/team/app:v1`, anonymous, quietScope);
      revoked.add((registry.seen.at(-1)?.headers.authorization ?? "").replace("Bearer ", ""));
      const again = client.resolve(`${registry.host}/team/app:v1`, anonymous, quietScope);
      // The fake's tokens say only what they allow, so the new one is the old one: refused again, and that is the end.
      await expect(again).rejects.toMatchObject({ code: "registry/unauthorized" });
      expect(tokenCalls(registry).length).toBe(3);
    });
  });

  test("does not keep a token beyond its time", async () => {
    await withGuard({ kind: "token", expiresIn: 0.001 }, async (registry, client) => {
      await client.resolve(`${registry.host}/team/app:v1`, anonymous, quietScope);
      await new Promise((resolve) => setTimeout(resolve, 5));
      await client.resolve(`${registry.host}/team/app:v1`, anonymous, quietScope);
      expect(tokenCalls(registry).length).toBeGreaterThan(1);
    });
  });

  test("reports a token that may not do it as insufficient_scope", async () => {
    await withGuard({ kind: "token", withhold: () => true }, async (registry, client) => {
      await expect(client.resolve(`${registry.host}/team/app:v1`, anonymous, quietScope)).rejects.toMatchObject({
        code: "registry/denied",
        message:
          "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
      });
    });
  });

  test("reports a refused token request as upstream does", async () => {
    await withGuard({ kind: "token", secret: "me:pass" }, async (registry, client) => {
      const url = `http://${registry.host}/token?scope=repository%3Ateam%2Fapp%3Apull&service=golden`;
      await expect(client.resolve(`${registry.host}/team/app:v1`, anonymous, quietScope)).rejects.toMatchObject({
        code: "registry/unauthorized",
        message: `failed to authorize: failed to fetch anonymous token: unexpected status from GET request to ${url}: 401 Unauthorized`,
      });
    });
  });

  test("shows no password in an error", async () => {
    await withGuard({ kind: "token", secret: "me:other" }, async (registry, client) => {
      const access = withCredentials({ kind: "basic", username: "me", password: "hunter2" });
      const error = await client
        .resolve(`${registry.host}/team/app:v1`, access, quietScope)
        .catch((caught: unknown) => caught);
      expect(String(error)).toContain("failed to fetch oauth token");
      expect(`${String(error)}${JSON.stringify(error)}`).not.toContain("hunter2");
    });
  });
});

describe("basic authorization", () => {
  const guard = { kind: "basic", username: "user", password: "pass" } as const;

  test("is sent after the first challenge, and at once from then on", async () => {
    await withGuard(guard, async (registry, client) => {
      const access = withCredentials({ kind: "basic", username: "user", password: "pass" });
      await client.resolve(`${registry.host}/team/app:v1`, access, quietScope);
      const before = registry.seen.length;
      await client.resolve(`${registry.host}/team/app:v1`, access, quietScope);
      expect(registry.seen.length - before).toBe(2);
    });
  });

  test.each([
    ["no credentials", { kind: "none" }],
    ["a wrong password", { kind: "basic", username: "user", password: "no" }],
  ] as const)("fails with %s in upstream's words", async (_, credentials) => {
    await withGuard(guard, async (registry, client) => {
      const wait = client.resolve(`${registry.host}/team/app:v1`, withCredentials(credentials), quietScope);
      await expect(wait).rejects.toMatchObject({
        code: "registry/unauthorized",
        message: `unexpected status from HEAD request to http://${registry.host}/v2/team/app/manifests/v1: 401 Unauthorized`,
      });
    });
  });
});

test("a challenge without a usable realm is refused", async () => {
  const script = () =>
    ({ kind: "answer", status: 401, headers: { "www-authenticate": 'Bearer realm="file:///etc"' } }) as const;
  await using registry = await MemoryRegistry.start({ script });
  await using client = createRegistryClient({ hosts: {}, userAgent: "t", backoff: [] });
  await expect(client.resolve(`${registry.host}/a:1`, anonymous, quietScope)).rejects.toThrow(
    /invalid token auth challenge realm/,
  );
});
