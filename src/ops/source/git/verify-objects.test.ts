import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { GitSignature } from "./attributes.ts";
import { verifyObjects } from "./verify-objects.ts";

const fixture = (name: string) => readFileSync(join(import.meta.dirname, "../signatures/fixtures", name));
const object = (name: string, raw = fixture(name)) => {
  const head = `${name.split("-")[0]} ${raw.length}\0`;
  return { raw, id: createHash("sha1").update(head).update(raw).digest("hex") };
};
const wanted = (key: string, more: Partial<GitSignature> = {}): GitSignature => ({
  publicKey: fixture(key).toString(),
  rejectExpired: false,
  objects: "either",
  ...more,
});
const [bob, ann] = ["ssh-ed25519.pub", "pgp-ann.asc"];

describe("a signed commit", () => {
  test("is good for the key that signed it, by OpenPGP, also when that is a subkey", async () => {
    await verifyObjects({ commit: object("commit-ann") }, wanted(ann, { rejectExpired: true }));
    await verifyObjects({ commit: object("commit-sub") }, wanted("pgp-sub.asc"));
  });

  test("is not for another's, nor when it is not signed", async () => {
    const commit = object("commit-ann");
    await expect(verifyObjects({ commit }, wanted("pgp-sub.asc"))).rejects.toThrow("signature made by unknown entity");
    await expect(verifyObjects({ commit }, wanted(bob))).rejects.toThrow("failed to read armored public key");
    await expect(verifyObjects({ commit: object("commit-plain") }, wanted(ann))).rejects.toThrow(
      "git object is not signed",
    );
  });

  test("with another message has no good signature, whatever id it is called by", async () => {
    const changed = Buffer.from(fixture("commit-ann").toString().replace("Signed by", "Made by"));
    await expect(verifyObjects({ commit: object("commit-", changed) }, wanted(ann))).rejects.toThrow(
      "invalid signature",
    );
    const { id } = object("commit-ann");
    await expect(verifyObjects({ commit: { id, raw: changed } }, wanted(ann))).rejects.toThrow(
      `commit object checksum verification failed: checksum mismatch: expected ${id}`,
    );
  });

  test("by a key that is over now is good unless that is to be refused; by one that was revoked never", async () => {
    const commit = object("commit-old");
    await verifyObjects({ commit }, wanted("pgp-old.asc"));
    await expect(verifyObjects({ commit }, wanted("pgp-old.asc", { rejectExpired: true }))).rejects.toThrow(
      "openpgp: key expired",
    );
    const gone = { commit: object("commit-gone") };
    await verifyObjects(gone, wanted("pgp-gone.asc"));
    await expect(verifyObjects(gone, wanted("pgp-gone-revoked.asc"))).rejects.toThrow("key revoked");
  });
});

describe("a signed tag", () => {
  const both = { commit: object("commit-ann"), tag: object("tag-bob") };

  test("or its commit may bear the signature, unless one of them is wanted", async () => {
    await verifyObjects(both, wanted(bob));
    await verifyObjects(both, wanted(bob, { objects: "tag" }));
    await verifyObjects(both, wanted(ann));
    await verifyObjects(both, wanted(ann, { objects: "commit" }));
    await expect(verifyObjects(both, wanted(bob, { objects: "commit" }))).rejects.toThrow(
      "failed to read armored public key",
    );
    await expect(verifyObjects(both, wanted(ann, { objects: "tag" }))).rejects.toThrow(
      "failed to parse ssh public key",
    );
  });

  test("is missed where there is a plain tag, or none", async () => {
    const tag = wanted(bob, { objects: "tag" });
    await expect(verifyObjects({ ...both, tag: object("tag-plain") }, tag)).rejects.toThrow("git object is not signed");
    await expect(verifyObjects({ commit: both.commit }, tag)).rejects.toThrow(
      "signed tag required but no signed tag found",
    );
  });

  test("in another encoding than UTF-8 is read as it is", async () => {
    const raw = Buffer.concat([fixture("tag-plain"), Buffer.from([0xe9, 0x0a])]);
    await expect(verifyObjects({ ...both, tag: object("tag-", raw) }, wanted(bob, { objects: "tag" }))).rejects.toThrow(
      "git object is not signed",
    );
  });

  test("without what git always writes is refused", async () => {
    const raw = Buffer.from("object 1\ntype commit\n\nx");
    await expect(verifyObjects({ ...both, tag: object("tag-", raw) }, wanted(bob))).rejects.toThrow(
      "invalid tag object: missing tag header",
    );
  });
});
