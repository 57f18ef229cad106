import { describe, expect, test } from "vitest";
import { quietScope } from "../kit/index.ts";
import { mediaTypes } from "../oci/index.ts";
import { createRegistryClient } from "./client.ts";
import type { RegistryAccess } from "./contract.ts";
import { manifestLimit } from "./resolve.ts";
import { MemoryRegistry, type MemoryRegistryOptions } from "./testing/index.ts";

const anonymous: RegistryAccess = { credentials: async () => ({ kind: "none" }) };
const text = `{"schemaVersion":2,"mediaType":"${mediaTypes.ociManifest}","config":{},"layers":[]}`;
const backoff = [1, 1, 1];

async function withRegistry(
  options: MemoryRegistryOptions,
  work: (registry: MemoryRegistry, client: ReturnType<typeof createRegistryClient>) => Promise<void>,
): Promise<void> {
  await using registry = await MemoryRegistry.start(options);
  await using client = createRegistryClient({ hosts: {}, userAgent: "cooper-test", backoff });
  await work(registry, client);
}

describe("resolve()", () => {
  test("asks by HEAD and fetches the bytes by the digest it was told", async () => {
    await withRegistry({}, async (registry, client) => {
      const descriptor = registry.addManifest("team/app", "v1", text, mediaTypes.ociManifest);
      const found = await client.resolve(`${registry.host}/team/app:v1`, anonymous, quietScope);
      expect(found).toEqual({ descriptor, bytes: Buffer.from(text) });
      expect(registry.log).toEqual([
        "HEAD /v2/team/app/manifests/v1",
        `GET /v2/team/app/manifests/${descriptor.digest}`,
      ]);
      expect(registry.seen[0]?.headers).toMatchObject({ "user-agent": "cooper-test" });
      expect(registry.seen[0]?.headers.accept).toContain(mediaTypes.dockerIndex);
    });
  });

  test("sends no GET for a manifest that is known, and nothing at all for a known digest", async () => {
    await withRegistry({}, async (registry, client) => {
      const { digest } = registry.addManifest("app", "v1", text, mediaTypes.ociManifest);
      const known = async (wanted: string) => (wanted === digest ? Buffer.from(text) : undefined);
      await client.resolve(`${registry.host}/app:v1`, anonymous, quietScope, { known });
      expect(registry.log).toEqual(["HEAD /v2/app/manifests/v1"]);
      const found = await client.resolve(`${registry.host}/app@${digest}`, anonymous, quietScope, { known });
      expect(found.descriptor.digest).toBe(digest);
      expect(registry.log).toHaveLength(1);
    });
  });

  test("hashes the bytes itself when the registry names no digest", async () => {
    await withRegistry({ noDigestHeader: true }, async (registry, client) => {
      const { digest } = registry.addManifest("app", "latest", text, mediaTypes.ociManifest);
      expect((await client.resolve(`${registry.host}/app`, anonymous, quietScope)).descriptor.digest).toBe(digest);
    });
  });

  test("fetches by GET from a registry that knows no HEAD", async () => {
    const script = ({ method }: { method: string }) =>
      method === "HEAD" ? ({ kind: "answer", status: 405 } as const) : undefined;
    await withRegistry({ script }, async (registry, client) => {
      const { digest } = registry.addManifest("app", "v1", text, mediaTypes.ociManifest);
      expect((await client.resolve(`${registry.host}/app:v1`, anonymous, quietScope)).descriptor.digest).toBe(digest);
    });
  });

  test("refuses bytes that do not have the digest of the name", async () => {
    await withRegistry({}, async (registry, client) => {
      const digest = `sha256:${"0".repeat(64)}`;
      registry.manifests.set(`app@${digest}`, { mediaType: mediaTypes.ociManifest, bytes: Buffer.from(text) });
      await expect(client.resolve(`${registry.host}/app@${digest}`, anonymous, quietScope)).rejects.toMatchObject({
        code: "registry/bad-answer",
      });
    });
  });

  test("refuses a manifest that is too large before reading it", async () => {
    await withRegistry({ noDigestHeader: true }, async (registry, client) => {
      registry.addManifest("app", "v1", `{"layers":[],"x":"${"x".repeat(manifestLimit)}"}`, mediaTypes.ociManifest);
      await expect(client.resolve(`${registry.host}/app:v1`, anonymous, quietScope)).rejects.toThrow(
        /^rejecting \d+ byte manifest/,
      );
    });
  });

  test("stops reading a manifest that has no end", async () => {
    const script = ({ method }: { method: string }) => (method === "GET" ? ({ kind: "endless" } as const) : undefined);
    await withRegistry({ script }, async (registry, client) => {
      const { digest } = registry.addManifest("app", "v1", text, mediaTypes.ociManifest);
      await expect(client.resolve(`${registry.host}/app@${digest}`, anonymous, quietScope)).rejects.toThrow(
        /^rejecting/,
      );
    });
  });
});

describe("resolve() errors", () => {
  test("say NAME: not found", async () => {
    await withRegistry({}, async (registry, client) => {
      const name = `${registry.host}/golden/nope:1`;
      await expect(client.resolve(name, anonymous, quietScope)).rejects.toMatchObject({
        code: "registry/not-found",
        message: `${name}: not found`,
      });
    });
  });

  test.each([
    [401, "Unauthorized", "registry/unauthorized"],
    [403, "Forbidden", "registry/denied"],
    [500, "Internal Server Error", "registry/failed"],
  ])("name the request and status %i", async (status, phrase, code) => {
    const script = () =>
      ({ kind: "answer", status, body: '{"errors":[{"code":"DENIED","message":"key vault access denied"}]}' }) as const;
    await withRegistry({ script }, async (registry, client) => {
      const error = await client
        .resolve(`${registry.host}/golden/x:1`, anonymous, quietScope)
        .catch((caught) => caught);
      expect(error).toMatchObject({
        code,
        message: `unexpected status from HEAD request to http://${registry.host}/v2/golden/x/manifests/1: ${status} ${phrase}`,
      });
      if (status === 403) expect(error.hint).toContain("key vault access denied");
    });
  });

  test("name a refused connection as Go does", async () => {
    let host = "";
    await withRegistry({}, async (registry) => {
      host = registry.host;
    });
    await using client = createRegistryClient({ hosts: {}, userAgent: "cooper-test", backoff });
    await expect(client.resolve(`${host}/x:1`, anonymous, quietScope)).rejects.toMatchObject({
      code: "registry/unreachable",
      message: `failed to do request: Head "http://${host}/v2/x/manifests/1": dial tcp ${host}: connect: connection refused`,
    });
  });

  test("come at once when the scope is cancelled, even if the registry never answers", async () => {
    await withRegistry({ script: () => ({ kind: "hang" }) }, async (registry, client) => {
      const stop = new AbortController();
      const wait = client.resolve(`${registry.host}/x:1`, anonymous, { ...quietScope, signal: stop.signal });
      setTimeout(() => stop.abort(new Error("enough")), 20);
      await expect(wait).rejects.toThrow("enough");
    });
  });
});

describe("resolve() retries", () => {
  test.each(["reset", 503, 500, 429] as const)("after %s", async (what) => {
    const script = ({ method, count }: { method: string; count: number }) => {
      if (method !== "HEAD" || count > 2) return undefined;
      return what === "reset" ? ({ kind: "reset" } as const) : ({ kind: "answer", status: what } as const);
    };
    await withRegistry({ script }, async (registry, client) => {
      const { digest } = registry.addManifest("app", "v1", text, mediaTypes.ociManifest);
      expect((await client.resolve(`${registry.host}/app:v1`, anonymous, quietScope)).descriptor.digest).toBe(digest);
    });
  });

  test("but not after 404", async () => {
    await withRegistry({}, async (registry, client) => {
      await expect(client.resolve(`${registry.host}/x:1`, anonymous, quietScope)).rejects.toThrow("not found");
      expect(registry.seen).toHaveLength(1);
    });
  });
});

describe("mirrors", () => {
  test("are asked first, with their path and the namespace they stand for", async () => {
    await withRegistry({}, async (mirror) => {
      mirror.addManifest("cache/library/busybox", "latest", text, mediaTypes.ociManifest);
      const hosts = { "docker.io": { mirrors: [`${mirror.host}/cache`] } };
      await using client = createRegistryClient({ hosts, userAgent: "t", backoff });
      await client.resolve("docker.io/library/busybox:latest", anonymous, quietScope);
      expect(mirror.seen[0]?.path).toBe("/v2/cache/library/busybox/manifests/latest?ns=docker.io");
    });
  });

  test("are passed over when they are down, broken, or without the image; the host's own answer counts", async () => {
    await withRegistry({ script: () => ({ kind: "answer", status: 500 }) }, async (broken) => {
      await withRegistry({}, async (registry) => {
        const { digest } = registry.addManifest("app", "v1", text, mediaTypes.ociManifest);
        const hosts = { [registry.host]: { mirrors: ["127.0.0.1:1", broken.host] } };
        await using client = createRegistryClient({ hosts, userAgent: "t", backoff });
        expect((await client.resolve(`${registry.host}/app:v1`, anonymous, quietScope)).descriptor.digest).toBe(digest);
        expect(broken.seen).toHaveLength(1);
      });
    });
  });
});
