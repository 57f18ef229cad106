import { CooperError } from "../../../../kit/index.ts";
import { armoredBlocks, code } from "./armor.ts";
import { type SigningKey, signingKeys } from "./keyring.ts";
import { packetsOf } from "./packets.ts";
import { isSignedBy, type Pieces, readSignature, type Signature } from "./signature.ts";

/** Clocks differ. */
const patience = 5 * 60;
/** Of a file, or of a text whose lines were not changed. */
const ofFile = 0x00;
const leastRsaBytes = 2048 / 8;
const weak = new Set(["sha1", "sha224"]);

export interface VerifyOptions {
  /** The key has to be good now; else it is enough that it was when the signature was made. */
  readonly rejectExpired?: boolean;
}

/**
 * Checks a detached, armored OpenPGP signature of some data (asked for anew for each key that is tried) against armored public keys,
 * several of which may follow each other. Throws `ops/bad-signature` when none of them made it.
 */
export async function verifyDetached(
  data: () => Pieces,
  text: string,
  publicKeys: string,
  { rejectExpired = false }: VerifyOptions = {},
): Promise<void> {
  const signature = signatureOf(text);
  const keys = await signingKeys(publicKeys);
  if (weak.has(signature.hash)) throw new CooperError(code, `rejecting weak/unknown hash: ${signature.hash}`);
  if (signature.type !== ofFile) throw new CooperError(code, `unsupported signature type ${signature.type}`);
  const now = Date.now() / 1000;
  const known = keys.filter(({ key }) => signature.issuer === undefined || key.id === signature.issuer);
  const by = signature.issuer === undefined ? "" : `signature by ${signature.issuer.toUpperCase()}: `;
  for (const key of known) {
    if (!(await isSignedBy(signature, key.key, data()))) continue;
    const fault = faultOf(key, signature, rejectExpired ? now : signature.created);
    if (fault !== undefined) throw new CooperError(code, `${by}openpgp: ${fault}`);
    refuseOdd(key, signature, now);
    return;
  }
  const fault = known.length === 0 ? "signature made by unknown entity" : "invalid signature";
  throw new CooperError(code, `${by}openpgp: ${fault}`);
}

/** Why the key could not sign at that time. */
function faultOf({ terms, revoked }: SigningKey, signature: Signature, at: number): string | undefined {
  if (revoked) return "signature made by revoked key";
  const over = (from: number, lifetime: number) => from > at || (lifetime > 0 && at > from + lifetime);
  if (terms.some(({ key, vouched }) => over(key.created, vouched.key.lifetime))) return "key expired";
  return over(signature.created, signature.lifetime) ? "signature expired" : undefined;
}

function refuseOdd({ key, primary }: SigningKey, { created }: Signature, now: number): void {
  for (const { kind, size } of [key, primary]) {
    if (kind === "rsa" && size < leastRsaBytes) throw new CooperError(code, `RSA key too short: ${size * 8} bits`);
  }
  if (created > now + patience) throw new CooperError(code, "signature creation time is in the future");
}

function signatureOf(text: string): Signature {
  const blocks = armoredBlocks(text, ["SIGNATURE"]);
  if (blocks.length === 0) throw new CooperError(code, "failed to decode armored signature: no armored data found");
  for (const block of blocks) {
    const packet = packetsOf(block).find(({ tag }) => tag === 2);
    if (packet !== undefined) return readSignature(packet.body);
  }
  throw new CooperError(code, "no signature packet found");
}
