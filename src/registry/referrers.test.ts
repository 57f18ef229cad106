import { expect, test } from "vitest";
import { type Digest, quietScope, sha256 } from "../kit/index.ts";
import { mediaTypes } from "../oci/index.ts";
import { createRegistryClient } from "./client.ts";
import { MemoryRegistry, type Misbehaviour } from "./testing/index.ts";

const access = { credentials: async () => ({ kind: "none" }) as const };
const subject = sha256("subject");
const signature = {
  mediaType: mediaTypes.ociManifest,
  digest: sha256("signature"),
  size: 9,
  artifactType: "application/vnd.example.signature",
};
const list = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [signature] });

async function ask(registry: MemoryRegistry, digest: Digest = subject) {
  await using client = createRegistryClient({ hosts: {}, userAgent: "test", backoff: [1] });
  return await client.referrers(`${registry.host}/a/b:v1`, digest, access, quietScope);
}
const answering = (answer: Misbehaviour) =>
  MemoryRegistry.start({ script: ({ path }) => (path.includes("/referrers/") ? answer : undefined) });

test("a registry's list says what refers to a manifest", async () => {
  await using registry = await answering({ kind: "answer", status: 200, body: list });
  expect(await ask(registry)).toEqual([signature]);
  expect(registry.log).toEqual([`GET /v2/a/b/referrers/${subject}`]);
});

test("a list of several pages is read to its end, and no further than its own host", async () => {
  const other = { ...signature, digest: sha256("other") };
  const pageOf = (manifest: object) => JSON.stringify({ ...JSON.parse(list), manifests: [manifest] });
  await using registry = await MemoryRegistry.start({
    script: ({ path }) => {
      if (!path.includes("/referrers/")) return undefined;
      const second = path.endsWith("?last=1");
      const link = second ? "<http://elsewhere.test/v2/x>; rel=next" : `<${path}?last=1>; rel="next"`;
      return { kind: "answer", status: 200, headers: { link }, body: pageOf(second ? other : signature) };
    },
  });
  expect(await ask(registry)).toEqual([signature, other]);
  expect(registry.log).toHaveLength(2);
});

test("a list that never ends is read for a while", async () => {
  await using registry = await MemoryRegistry.start({
    script: ({ path }) =>
      path.includes("/referrers/")
        ? { kind: "answer", status: 200, headers: { link: `<${path}>; rel="next"` }, body: list }
        : undefined,
  });
  expect(await ask(registry)).toHaveLength(64);
});

test("where there is no list, the tag of the digest says it", async () => {
  await using registry = await MemoryRegistry.start();
  registry.addManifest("a/b", subject.replace(":", "-"), list, mediaTypes.ociIndex);
  expect(await ask(registry)).toEqual([signature]);
});

test("nothing refers to a manifest of which neither says anything", async () => {
  await using registry = await MemoryRegistry.start();
  expect(await ask(registry)).toEqual([]);
});

test("what is no JSON is refused, and so is an answer without end", async () => {
  await using noise = await answering({ kind: "answer", status: 200, body: "<html>" });
  await expect(ask(noise)).rejects.toThrow("cannot read manifest: not JSON");
  await using endless = await answering({ kind: "endless" });
  await expect(ask(endless)).rejects.toThrow("more than 8388608 bytes");
});
