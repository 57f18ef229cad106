import { createReadStream } from "node:fs";
import { CooperError, messageOf } from "../../../../kit/index.ts";
import { armoredBlocks, code } from "./armor.ts";
import { signingKeys } from "./keys.ts";
import { packetsOf } from "./packets.ts";
import { isSignedBy, readSignature, type Signature } from "./signature.ts";

/** Clocks differ. */
const patience = 5 * 60;
/** Of a file, or of a text whose lines were not changed. */
const ofFile = 0x00;

/**
 * Checks a detached, armored OpenPGP signature of a file against armored public keys, several of which may follow each other. Throws
 * `ops/bad-signature` when none of them made it.
 */
export async function verifyDetached(path: string, signature: string, publicKeys: string): Promise<void> {
  try {
    await verify(path, signature, publicKeys);
  } catch (cause) {
    throw new CooperError(code, `failed to verify pgp signature: ${messageOf(cause)}`, { cause });
  }
}

async function verify(path: string, text: string, publicKeys: string): Promise<void> {
  const signature = signatureOf(text);
  if (signature.type !== ofFile) throw new CooperError(code, `unsupported signature type ${signature.type}`);
  if (signature.created > Date.now() / 1000 + patience) {
    throw new CooperError(code, "signature creation time is in the future");
  }
  const keys = await signingKeys(publicKeys);
  const known = keys.filter(({ id }) => signature.issuer === undefined || id === signature.issuer);
  for (const key of known) if (await isSignedBy(signature, key, createReadStream(path))) return;
  const by = signature.issuer === undefined ? "" : `signature by ${signature.issuer.toUpperCase()}: `;
  throw new CooperError(code, `${by}${known.length === 0 ? "signature made by unknown entity" : "invalid signature"}`);
}

function signatureOf(text: string): Signature {
  for (const block of armoredBlocks(text, ["SIGNATURE"])) {
    const packet = packetsOf(block).find(({ tag }) => tag === 2);
    if (packet !== undefined) return readSignature(packet.body);
  }
  throw new CooperError(code, "no signature packet found");
}
