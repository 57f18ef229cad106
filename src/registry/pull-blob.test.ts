import { describe, expect, test } from "vitest";
import { collect, quietScope, sha256 } from "../kit/index.ts";
import { createRegistryClient, receiveBlob } from "./client.ts";
import type { RegistryAccess } from "./contract.ts";
import { MemoryRegistry, type MemoryRegistryOptions, type Misbehaviour, type SeenRequest } from "./testing/index.ts";

const access: RegistryAccess = { credentials: async () => ({ kind: "none" }) };
const small = Buffer.alloc(100_000, "small blob ");
const large = Buffer.alloc(6 * 1024 * 1024, "large blob ");

async function withRegistry(
  options: MemoryRegistryOptions,
  work: (registry: MemoryRegistry, client: ReturnType<typeof createRegistryClient>) => Promise<void>,
): Promise<void> {
  await using registry = await MemoryRegistry.start(options);
  await using client = createRegistryClient({ hosts: {}, userAgent: "cooper-test", backoff: [1, 1, 1] });
  await work(registry, client);
}

/** Misbehaves on the first `times` requests for a blob. */
function first(times: number, how: Misbehaviour): (request: SeenRequest) => Misbehaviour | undefined {
  return ({ count }) => (count <= times ? how : undefined);
}

async function pull(
  registry: MemoryRegistry,
  client: ReturnType<typeof createRegistryClient>,
  bytes: Buffer,
): Promise<Buffer> {
  const descriptor = registry.addBlob("team/app", bytes);
  return await collect(client.blob(`${registry.host}/team/app`, descriptor, access, quietScope), 1e9);
}

describe.each([
  ["small", small],
  ["large", large],
])("blob() of a %s blob", (_, bytes) => {
  test("gives its bytes", async () => {
    await withRegistry({}, async (registry, client) => {
      expect(sha256(await pull(registry, client, bytes))).toBe(sha256(bytes));
    });
  });

  test("goes on where a broken transfer stopped", async () => {
    await withRegistry({ script: first(2, { kind: "cut", after: 40_000 }) }, async (registry, client) => {
      expect(sha256(await pull(registry, client, bytes))).toBe(sha256(bytes));
      const ranges = registry.seen.map((request) => request.headers.range);
      expect(ranges[0]).toBeUndefined();
      expect(ranges[1]).toMatch(/^bytes=\d+-$/);
    });
  });

  test("skips what it has when the registry ignores the range", async () => {
    const script = ({ count }: SeenRequest) =>
      count === 1 ? ({ kind: "cut", after: 40_000 } as const) : ({ kind: "ignore-range" } as const);
    await withRegistry({ script }, async (registry, client) => {
      expect(sha256(await pull(registry, client, bytes))).toBe(sha256(bytes));
    });
  });

  test("goes on after an answer that ends too early", async () => {
    await withRegistry({ script: first(1, { kind: "short", bytes: 10_000 }) }, async (registry, client) => {
      expect(sha256(await pull(registry, client, bytes))).toBe(sha256(bytes));
    });
  });

  test("gives up when every transfer breaks", async () => {
    await withRegistry({ script: first(99, { kind: "cut", after: 0 }) }, async (registry, client) => {
      await expect(pull(registry, client, bytes)).rejects.toMatchObject({ code: "registry/unreachable" });
      expect(registry.seen).toHaveLength(4);
    });
  });

  test("stops at once when more comes than the descriptor says", async () => {
    await withRegistry({ script: first(99, { kind: "endless" }) }, async (registry, client) => {
      await expect(pull(registry, client, bytes)).rejects.toThrow(/more than its \d+ bytes/);
      expect(registry.seen).toHaveLength(1);
    });
  });

  test("refuses other bytes", async () => {
    await withRegistry({ script: first(99, { kind: "wrong-bytes" }) }, async (registry, client) => {
      await expect(pull(registry, client, bytes)).rejects.toMatchObject({ code: "registry/bad-answer" });
    });
  });

  test("says which content is not there", async () => {
    await withRegistry({}, async (registry, client) => {
      const descriptor = { mediaType: "text/plain", digest: sha256(bytes), size: bytes.byteLength };
      const blob = client.blob(`${registry.host}/app`, descriptor, access, quietScope);
      await expect(collect(blob, 1e9)).rejects.toMatchObject({
        code: "registry/not-found",
        message: `could not fetch content descriptor ${descriptor.digest} (text/plain) from remote: not found`,
      });
    });
  });
});

test("blob() asks again for a small blob that came with other bytes", async () => {
  await withRegistry({ script: first(1, { kind: "wrong-bytes" }) }, async (registry, client) => {
    expect(sha256(await pull(registry, client, small))).toBe(sha256(small));
  });
});

test("receiveBlob() gives a large blob that came with other bytes a second time", async () => {
  await withRegistry({ script: first(1, { kind: "wrong-bytes" }) }, async (registry, client) => {
    const descriptor = registry.addBlob("app", large);
    const receive = (bytes: AsyncIterable<Uint8Array>) => collect(bytes, 1e9);
    const got = await receiveBlob(client, `${registry.host}/app`, descriptor, receive, access, quietScope);
    expect(sha256(got)).toBe(sha256(large));
  });
});

test("blob() with verify: false leaves the digest to the receiver and still checks the length", async () => {
  await withRegistry({ script: first(1, { kind: "wrong-bytes" }) }, async (registry, client) => {
    const descriptor = registry.addBlob("app", large);
    const got = await collect(
      client.blob(`${registry.host}/app`, descriptor, access, quietScope, { verify: false }),
      1e9,
    );
    expect(got.byteLength).toBe(large.byteLength);
    expect(sha256(got)).not.toBe(descriptor.digest);
  });
});

test("blob() follows a redirect to a store and leaves the authorization behind", async () => {
  await using store = await MemoryRegistry.start({});
  const descriptor = store.addBlob("kept", large);
  const location = `http://${store.host}/v2/kept/blobs/${descriptor.digest}?X-Signature=s3cret`;
  const script = () => ({ kind: "answer", status: 307, headers: { location } }) as const;
  const guard = { kind: "basic", username: "u", password: "p" } as const;
  let asked = 0;
  const challengeFirst = () => (asked++ === 0 ? undefined : script());
  await withRegistry({ guard, script: challengeFirst }, async (registry, client) => {
    const basic: RegistryAccess = { credentials: async () => ({ kind: "basic", username: "u", password: "p" }) };
    const got = await collect(client.blob(`${registry.host}/app`, descriptor, basic, quietScope), 1e9);
    expect(sha256(got)).toBe(descriptor.digest);
    expect(registry.seen.at(-1)?.headers.authorization).toMatch(/^Basic /);
    expect(store.seen[0]?.headers.authorization).toBeUndefined();
  });
});

test("blob() shows no signed address in its error", async () => {
  const location = "http://127.0.0.1:1/blob?X-Signature=s3cret";
  const script = () => ({ kind: "answer", status: 302, headers: { location } }) as const;
  await withRegistry({ script }, async (registry, client) => {
    const error = await pull(registry, client, small).catch((caught: unknown) => caught);
    expect(String(error)).toContain("http://127.0.0.1:1/blob?X-Signature=REDACTED");
    expect(JSON.stringify(error)).not.toContain("s3cret");
  });
});

test("blob() ends when the scope is cancelled in the middle", async () => {
  await withRegistry({ script: () => ({ kind: "cut", after: 5_000_000 }) }, async (registry, client) => {
    const descriptor = registry.addBlob("app", large);
    const stop = new AbortController();
    const read = async () => {
      for await (const _ of client.blob(`${registry.host}/app`, descriptor, access, {
        ...quietScope,
        signal: stop.signal,
      })) {
        stop.abort(new Error("enough"));
      }
    };
    await expect(read()).rejects.toThrow("enough");
  });
});

test("receiveBlob() asks the registry itself when a mirror has other bytes", async () => {
  await using mirror = await MemoryRegistry.start({ script: () => ({ kind: "wrong-bytes" }) });
  await withRegistry({}, async (registry) => {
    const descriptor = registry.addBlob("app", large);
    mirror.addBlob("app", large);
    const hosts = { [registry.host]: { mirrors: [mirror.host] } };
    await using client = createRegistryClient({ hosts, userAgent: "t", backoff: [1] });
    const receive = (bytes: AsyncIterable<Uint8Array>) => collect(bytes, 1e9);
    const got = await receiveBlob(client, `${registry.host}/app`, descriptor, receive, access, quietScope);
    expect(sha256(got)).toBe(descriptor.digest);
    expect([mirror.seen.length, registry.seen.length]).toEqual([1, 1]);
  });
});

test("blob() gets the rest from the registry when the mirror goes away in the middle", async () => {
  const mirror = await MemoryRegistry.start({ script: () => ({ kind: "cut", after: 300_000 }) });
  await withRegistry({}, async (registry) => {
    const descriptor = registry.addBlob("app", large);
    mirror.addBlob("app", large);
    const hosts = { [registry.host]: { mirrors: [mirror.host] } };
    await using client = createRegistryClient({ hosts, userAgent: "t", backoff: [1] });
    const chunks: Uint8Array[] = [];
    for await (const chunk of client.blob(`${registry.host}/app`, descriptor, access, quietScope)) {
      if (chunks.length === 0) await mirror[Symbol.asyncDispose]();
      chunks.push(chunk);
    }
    expect(sha256(...chunks)).toBe(descriptor.digest);
    expect(registry.seen[0]?.headers.range).toMatch(/^bytes=\d+-$/);
  });
});
