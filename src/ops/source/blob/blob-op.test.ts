import { afterAll, beforeAll, expect, test } from "vitest";
import { bytesOf, type Digest, sha256 } from "../../../kit/index.ts";
import { createRegistryClient, type RegistryClient } from "../../../registry/index.ts";
import { MemoryRegistry, type Misbehaviour } from "../../../registry/testing/index.ts";
import type { Session } from "../../../session/index.ts";
import { openWorkbench, type Workbench } from "../../testing/workbench.ts";
import { blobSource } from "./blob-op.ts";

const content = Buffer.from("what is in the blob");
const digest = sha256(content);
let bench: Workbench;
let registry: MemoryRegistry;
let client: RegistryClient;
let misbehave: ((method: string) => Misbehaviour | undefined) | undefined;

beforeAll(async () => {
  bench = await openWorkbench();
  registry = await MemoryRegistry.start({ script: ({ method }) => misbehave?.(method) });
  registry.addBlob("some/where", content);
  client = createRegistryClient({ hosts: {}, userAgent: "test", backoff: [1] });
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
});

async function fetched(identifier: string, attrs: Record<string, string> = {}, callers: readonly Session[] = []) {
  const op = blobSource(identifier, new Map(Object.entries(attrs)), bench.storage, client);
  const [ref] = await op.execute([], bench.scope(callers));
  return bench.show(ref);
}
const named = (name = "some/where", of: Digest = digest) => `docker-image+blob://${registry.host}/${name}@${of}`;

test("a registry's blob is a file that is called by its digest", async () => {
  const hex = digest.slice("sha256:".length);
  expect(await fetched(named())).toEqual({ [hex]: "600 0:0 what is in the blob" });
});

test("it is called, owned and guarded as the build says", async () => {
  const attrs = { "http.filename": "../layer.tar", "http.perm": "0644", "http.uid": "12", "http.gid": "34" };
  expect(await fetched(named(), attrs)).toEqual({ "layer.tar": "644 12:34 what is in the blob" });
});

test("its key asks nobody, and is of all that was said", async () => {
  const key = async (attrs: Record<string, string>) =>
    (await blobSource(named("not/there"), new Map(Object.entries(attrs)), bench.storage, client).recipe(bench.scope()))
      .digest;
  expect(await key({})).toBe(await key({ "http.perm": "0600" }));
  expect(await key({})).not.toBe(await key({ "http.filename": "f" }));
});

test("a blob that is not there, and one of another content, leave nothing", async () => {
  await expect(fetched(named("some/where", sha256("other")))).rejects.toThrow("not found");
  misbehave = (method) => (method === "GET" ? { kind: "wrong-bytes" } : undefined);
  try {
    await expect(fetched(named())).rejects.toThrow("unexpected commit digest");
  } finally {
    misbehave = undefined;
  }
});

test("a blob comes from the layout of the caller that is named, else of any", async () => {
  const caller = (id: string, bytes: Buffer, peers: readonly Session[] = []): Session =>
    ({
      id,
      ociLayout: async (store: string) =>
        store === "store" ? { size: async () => bytes.length, read: async () => bytesOf(bytes) } : undefined,
      peer: async (wanted: string) =>
        peers.find((peer) => peer.id === wanted) ?? Promise.reject(new Error("no such session")),
    }) as unknown as Session;
  const other = caller("other", content);
  const mine = caller("mine", Buffer.from("something else"), [other]);
  const layout = `oci-layout+blob://not/real@${digest}`;
  const attrs = { "oci.store": "store", "http.filename": "f" };
  expect(await fetched(layout, { ...attrs, "oci.session": "other" }, [mine])).toEqual({
    f: "600 0:0 what is in the blob",
  });
  await expect(fetched(layout, attrs, [mine])).rejects.toThrow(`cannot read blob ${digest}: its content is sha256:`);
  await expect(fetched(layout, { "http.filename": "f" }, [mine])).rejects.toThrow('cannot read OCI layout "not/real"');
  await expect(fetched(layout, { ...attrs, "oci.session": "gone" }, [mine])).rejects.toThrow("no such session");
});

test("a name without a digest is refused", () => {
  const wrong = () => blobSource("docker-image+blob://some/where:1", new Map(), bench.storage, client);
  expect(wrong).toThrow("object required");
});
