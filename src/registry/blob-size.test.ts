import { expect, test } from "vitest";
import { quietScope, sha256 } from "../kit/index.ts";
import { createRegistryClient } from "./client.ts";
import { MemoryRegistry, type Misbehaviour } from "./testing/index.ts";

const access = { credentials: async () => ({ kind: "none" }) as const };

test("the size of a blob comes from its registry, also at the second attempt", async () => {
  let first: Misbehaviour | undefined = { kind: "reset" };
  await using registry = await MemoryRegistry.start({
    script: () => {
      const now = first;
      first = undefined;
      return now;
    },
  });
  await using client = createRegistryClient({ hosts: {}, userAgent: "test", backoff: [1] });
  const bytes = Buffer.from("twelve bytes");
  const { digest } = registry.addBlob("a/b", bytes);
  expect(await client.blobSize(`${registry.host}/a/b`, digest, access, quietScope)).toBe(12);
  await expect(client.blobSize(`${registry.host}/a/b`, sha256("x"), access, quietScope)).rejects.toThrow("not found");
});

test("a registry that does not tell it is refused", async () => {
  const script = () => ({ kind: "answer", status: 200 }) as const;
  await using registry = await MemoryRegistry.start({ script });
  await using client = createRegistryClient({ hosts: {}, userAgent: "test", backoff: [1] });
  const asked = client.blobSize(`${registry.host}/a/b`, sha256("x"), access, quietScope);
  await expect(asked).rejects.toThrow("its size is not told");
});
