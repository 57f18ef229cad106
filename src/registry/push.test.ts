import { describe, expect, test } from "vitest";
import { bytesOf, quietScope, sha256 } from "../kit/index.ts";
import { mediaTypes } from "../oci/index.ts";
import { createRegistryClient } from "./client.ts";
import type { RegistryAccess } from "./contract.ts";
import { MemoryRegistry, type MemoryRegistryOptions } from "./testing/index.ts";

const access: RegistryAccess = { credentials: async () => ({ kind: "none" }) };
const bytes = Buffer.alloc(3_000_000, "layer ");
const descriptor = { mediaType: mediaTypes.ociLayer, digest: sha256(bytes), size: bytes.byteLength };

async function withRegistry(
  options: MemoryRegistryOptions,
  work: (registry: MemoryRegistry, client: ReturnType<typeof createRegistryClient>) => Promise<void>,
): Promise<void> {
  await using registry = await MemoryRegistry.start(options);
  await using client = createRegistryClient({ hosts: {}, userAgent: "cooper-test", backoff: [1, 1, 1] });
  await work(registry, client);
}

/** The blob in pieces, and how often it was read from the beginning. */
function source() {
  const counted = { opened: 0, mountFrom: [] as string[], open: () => bytesOf() as AsyncGenerator<Uint8Array> };
  counted.open = async function* () {
    counted.opened++;
    for (let at = 0; at < bytes.byteLength; at += 65_536) yield bytes.subarray(at, at + 65_536);
  };
  return counted;
}

describe("pushBlob()", () => {
  test("uploads once, with progress, and leaves what is there alone", async () => {
    await withRegistry({}, async (registry, client) => {
      const from = source();
      let last = 0;
      const options = { ...from, onProgress: (sent: number) => (last = sent) };
      expect(await client.pushBlob(`${registry.host}/app`, descriptor, options, access, quietScope)).toBe("uploaded");
      expect(last).toBe(bytes.byteLength);
      expect(registry.blobs.get(`app@${descriptor.digest}`)?.equals(bytes)).toBe(true);
      expect(await client.pushBlob(`${registry.host}/app`, descriptor, from, access, quietScope)).toBe("exists");
      expect(from.opened).toBe(1);
    });
  });

  test("mounts from another repository without reading the blob", async () => {
    await withRegistry({}, async (registry, client) => {
      registry.addBlob("library/base", bytes);
      const from = { ...source(), mountFrom: [`${registry.host}/library/base:latest`] };
      expect(await client.pushBlob(`${registry.host}/app`, descriptor, from, access, quietScope)).toBe("mounted");
      expect(from.opened).toBe(0);
      expect(registry.blobs.has(`app@${descriptor.digest}`)).toBe(true);
    });
  });

  test("uploads when the repository to mount from has no such blob, or may not be read", async () => {
    await withRegistry(
      { guard: { kind: "token", withhold: (entry) => entry.includes("private") } },
      async (registry, client) => {
        const from = { ...source(), mountFrom: [`${registry.host}/private/base`] };
        expect(await client.pushBlob(`${registry.host}/app`, descriptor, from, access, quietScope)).toBe("uploaded");
      },
    );
  });

  test("goes on where a broken upload stopped", async () => {
    const script = ({ method, count }: { method: string; count: number }) =>
      method === "PUT" && count === 1 ? ({ kind: "reset-after-reading", bytes: 200_000 } as const) : undefined;
    await withRegistry({ script }, async (registry, client) => {
      expect(await client.pushBlob(`${registry.host}/app`, descriptor, source(), access, quietScope)).toBe("uploaded");
      expect(registry.blobs.get(`app@${descriptor.digest}`)?.equals(bytes)).toBe(true);
      const patch = registry.seen.find((request) => request.method === "PATCH");
      expect(Number(/^(\d+)-/.exec(patch?.headers["content-range"] ?? "")?.[1])).toBeGreaterThanOrEqual(200_000);
    });
  });

  test("starts over when the broken upload is gone", async () => {
    let puts = 0;
    const script = ({ method }: { method: string }) => {
      if (method === "GET") return { kind: "answer", status: 404 } as const;
      return method === "PUT" && puts++ === 0 ? ({ kind: "reset" } as const) : undefined;
    };
    await withRegistry({ script }, async (registry, client) => {
      const from = source();
      expect(await client.pushBlob(`${registry.host}/app`, descriptor, from, access, quietScope)).toBe("uploaded");
      expect(registry.log.filter((line) => line.startsWith("POST"))).toHaveLength(2);
    });
  });

  test("says what the registry says when it is denied, without sending the bytes", async () => {
    const script = ({ method }: { method: string }) =>
      method === "POST"
        ? ({ kind: "answer", status: 403, body: '{"errors":[{"code":"DENIED"}]}' } as const)
        : undefined;
    await withRegistry({ script }, async (registry, client) => {
      const from = source();
      await expect(client.pushBlob(`${registry.host}/app`, descriptor, from, access, quietScope)).rejects.toMatchObject(
        {
          code: "registry/denied",
          message: "denied",
        },
      );
      expect(from.opened).toBe(0);
    });
  });

  test("stops sending when the answer comes early", async () => {
    const script = ({ method }: { method: string }) =>
      method === "PUT" ? ({ kind: "answer", status: 413, body: "too big" } as const) : undefined;
    await withRegistry({ script }, async (registry, client) => {
      const wait = client.pushBlob(`${registry.host}/app`, descriptor, source(), access, quietScope);
      await expect(wait).rejects.toThrow(/unexpected status from PUT request to .*: 413/);
    });
  });

  test("fails with the source's own error when the blob cannot be read", async () => {
    await withRegistry({}, async (registry, client) => {
      const open = async function* () {
        yield bytes.subarray(0, 1000);
        throw new Error("disk on fire");
      };
      const wait = client.pushBlob(`${registry.host}/app`, descriptor, { mountFrom: [], open }, access, quietScope);
      await expect(wait).rejects.toThrow("disk on fire");
    });
  });

  test("reports a lasting 500 with the request", async () => {
    await withRegistry({ script: () => ({ kind: "answer", status: 500 }) }, async (registry, client) => {
      await expect(
        client.pushBlob(`${registry.host}/g/e`, descriptor, source(), access, quietScope),
      ).rejects.toMatchObject({
        code: "registry/failed",
        message: `unexpected status from HEAD request to http://${registry.host}/v2/g/e/blobs/${descriptor.digest}: 500 Internal Server Error`,
      });
      expect(registry.seen).toHaveLength(4);
    });
  });

  test("ends when the scope is cancelled in the middle", async () => {
    await withRegistry({}, async (registry, client) => {
      const stop = new AbortController();
      const options = { ...source(), onProgress: () => stop.abort(new Error("enough")) };
      const scope = { ...quietScope, signal: stop.signal };
      await expect(client.pushBlob(`${registry.host}/app`, descriptor, options, access, scope)).rejects.toThrow(
        "enough",
      );
    });
  });
});

describe("pushManifest()", () => {
  const text = Buffer.from(`{"schemaVersion":2,"mediaType":"${mediaTypes.ociManifest}","config":{},"layers":[]}`);
  const manifest = { mediaType: mediaTypes.ociManifest, digest: sha256(text), size: text.byteLength };

  test("puts it under its tag, once", async () => {
    await withRegistry({}, async (registry, client) => {
      for (let times = 0; times < 2; times++) {
        await client.pushManifest(`${registry.host}/app:v1`, manifest, text, { byDigest: false }, access, quietScope);
      }
      expect(registry.manifests.get("app:v1")).toEqual({ mediaType: mediaTypes.ociManifest, bytes: text });
      expect(registry.log.filter((line) => line.startsWith("PUT"))).toHaveLength(1);
    });
  });

  test("puts it under its digest only when by digest", async () => {
    await withRegistry({}, async (registry, client) => {
      await client.pushManifest(`${registry.host}/app`, manifest, text, { byDigest: true }, access, quietScope);
      expect([...registry.manifests.keys()]).toEqual([`app@${manifest.digest}`]);
    });
  });
});
