import { CooperError } from "../../../kit/index.ts";
import { verifyDetached } from "../signatures/pgp/verify.ts";
import { verifySsh } from "../signatures/ssh/verify.ts";
import type { GitSignature } from "./attributes.ts";
import { parseSignedObject, type SignedObject } from "./signed-object.ts";

/** A commit, and the annotated tag that it was found by. */
export interface GitObjects {
  readonly commit: { readonly id: string; readonly raw: Uint8Array };
  readonly tag?: { readonly id: string; readonly raw: Uint8Array };
}

/**
 * Checks that the tag or else the commit is signed as the source wants it: a good signature of either is enough, unless one of them is
 * wanted. Throws `ops/bad-signature`.
 */
export async function verifyObjects({ commit, tag }: GitObjects, wanted: GitSignature): Promise<void> {
  let fault: unknown;
  if (tag !== undefined && wanted.objects !== "commit") {
    const object = parseSignedObject(tag.raw, tag.id);
    try {
      return await verifyObject(object, wanted);
    } catch (error) {
      fault = error;
    }
  }
  if (wanted.objects === "tag") throw fault ?? bad("signed tag required but no signed tag found");
  await verifyObject(parseSignedObject(commit.raw, commit.id), wanted);
}

async function verifyObject({ signature, signed }: SignedObject, wanted: GitSignature): Promise<void> {
  if (signature === "") throw bad("git object is not signed");
  if (signature.startsWith("-----BEGIN PGP SIGNATURE-----")) {
    return verifyDetached(() => [signed], signature, wanted.publicKey, { rejectExpired: wanted.rejectExpired });
  }
  if (!signature.startsWith("-----BEGIN SSH SIGNATURE-----")) throw bad("invalid signature format");
  verifySsh(signed, signature, wanted.publicKey, "git");
}

function bad(sentence: string): CooperError {
  return new CooperError("ops/bad-signature", sentence);
}
