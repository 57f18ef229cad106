import { type Bytes, CooperError, type Digest, Hasher, splitDigest } from "../../../kit/index.ts";
import { parseReference } from "../../../oci/index.ts";
import type { RegistryClient } from "../../../registry/index.ts";
import type { OpScope } from "../../contract.ts";
import { accessOf } from "../access.ts";
import { layoutStoreOf } from "../image/image-op.ts";
import { layoutBlob } from "../image/layout-origin.ts";

/** A blob that is named by where it is and its digest. */
export type NamedBlob =
  | { readonly kind: "registry"; readonly name: string; readonly digest: Digest }
  | {
      readonly kind: "layout";
      readonly name: string;
      readonly digest: Digest;
      readonly store: string;
      /** Whose layout it is; empty: any caller's. */
      readonly session: string;
    };

export const blobSchemes: readonly string[] = ["docker-image+blob", "oci-layout+blob"];

/**
 * Reads `docker-image+blob://NAME@DIGEST`, of a registry, and `oci-layout+blob://NAME@DIGEST`, of a layout that a caller offers (attributes
 * `oci.store`, `oci.session`). Throws `ops/bad-attribute`, `oci/…`.
 */
export function parseNamedBlob(identifier: string, attrs: ReadonlyMap<string, string>): NamedBlob {
  const [, scheme = "", name = ""] = /^(docker-image\+blob|oci-layout\+blob):\/\/(.*)$/.exec(identifier) ?? [];
  if (scheme === "") throw bad(`invalid image blob scheme ${JSON.stringify(identifier)}`);
  const { digest } = parseReference(name);
  if (digest === undefined) throw bad(`invalid blob reference ${JSON.stringify(name)}: object required`);
  if (scheme === "docker-image+blob") return { kind: "registry", name, digest };
  const store = attrs.get("oci.store") || layoutStoreOf(name);
  return { kind: "layout", name, digest, store, session: attrs.get("oci.session") ?? "" };
}

/**
 * Gives the blob's bytes to `receive`, which has to forget them when this throws: the digest is known at the end only. May call it again when a
 * registry sent other bytes. Throws `registry/…`, `ops/no-layout`, `ops/not-in-layout`, `ops/bad-layout`.
 */
export async function withBlob<T>(
  blob: NamedBlob,
  registry: RegistryClient,
  scope: OpScope,
  receive: (bytes: Bytes) => Promise<T>,
): Promise<T> {
  if (blob.kind === "layout") {
    const callers = await callersOf(blob.session, scope);
    return receive(checked(await layoutBlob(blob.store, blob.digest, { ...scope, callers }), blob.digest));
  }
  const { receiveBlob } = await import("../../../registry/index.ts");
  const access = accessOf(scope.callers);
  const size = await registry.blobSize(blob.name, blob.digest, access, scope);
  const descriptor = { mediaType: "application/octet-stream", digest: blob.digest, size };
  return receiveBlob(registry, blob.name, descriptor, receive, access, scope);
}

/** The session that is named, which may be another than those that want the step. */
async function callersOf(id: string, { callers, ...scope }: OpScope): Promise<OpScope["callers"]> {
  const known = callers.filter((caller) => id === "" || caller.id === id);
  if (known.length > 0 || id === "") return known;
  const [first] = callers;
  return first?.peer === undefined ? callers : [await first.peer(id, scope)];
}

async function* checked(bytes: Bytes, digest: Digest): Bytes {
  const hasher = new Hasher(splitDigest(digest).algorithm);
  for await (const chunk of bytes) {
    hasher.update(chunk);
    yield chunk;
  }
  const got = hasher.finish();
  if (got !== digest) throw new CooperError("ops/bad-layout", `cannot read blob ${digest}: its content is ${got}`);
}

function bad(sentence: string): CooperError {
  return new CooperError("ops/bad-attribute", sentence);
}
