import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { CooperError } from "../../../../kit/index.ts";
import { armoredBlocks, code } from "./armor.ts";
import { Cursor, packetsOf } from "./packets.ts";
import { isSignedBy, readSignature } from "./signature.ts";

const tags = { signature: 2, publicKey: 6, publicSubkey: 14 } as const;
const types = { revocation: 0x20, subkeyBinding: 0x18, subkeyRevocation: 0x28 } as const;
const leastRsaBits = 2048;
const ed25519Oid = "2b06010401da470f01";

export interface PublicKey {
  readonly kind: "rsa" | "ed25519";
  /** OpenPGP's number. */
  readonly algorithm: number;
  readonly key: KeyObject;
  /** Bytes of an RSA signature. */
  readonly size: number;
  /** The last eight bytes of the fingerprint, as hex. */
  readonly id: string;
  readonly body: Buffer;
}

/**
 * The keys of armored blocks that may sign: primary keys, and subkeys that their primary key vouches for; none that is revoked. Keys of
 * other kinds than RSA and Ed25519 are passed over. Throws `ops/bad-signature`.
 */
export async function signingKeys(text: string): Promise<readonly PublicKey[]> {
  const keys: PublicKey[] = [];
  const revoked = new Set<PublicKey>();
  for (const block of armoredBlocks(text, ["PUBLIC KEY BLOCK"])) {
    let primary: PublicKey | undefined;
    let candidate: PublicKey | undefined;
    for (const { tag, body } of packetsOf(block)) {
      if (tag === tags.publicKey || tag === tags.publicSubkey) {
        candidate = readKey(body);
        if (tag === tags.publicSubkey) continue;
        primary = candidate;
        if (primary !== undefined) keys.push(primary);
      } else if (tag === tags.signature && primary !== undefined) {
        const type = body[1];
        if (type === types.revocation) throw new CooperError(code, "key revoked");
        if (type === types.subkeyRevocation && candidate !== undefined) revoked.add(candidate);
        if (type === types.subkeyBinding && candidate !== undefined && (await vouches(primary, candidate, body))) {
          keys.push(candidate);
        }
      }
    }
  }
  return keys.filter((key) => !revoked.has(key));
}

async function vouches(primary: PublicKey, subkey: PublicKey, signature: Buffer): Promise<boolean> {
  const hashed = [primary, subkey].map(({ body }) => Buffer.concat([hashedHead(body), body]));
  try {
    return await isSignedBy(readSignature(signature), primary, hashed);
  } catch {
    return false;
  }
}

function hashedHead(body: Buffer): Buffer {
  return Buffer.from([0x99, body.length >> 8, body.length & 0xff]);
}

function readKey(body: Buffer): PublicKey | undefined {
  const cursor = new Cursor(body);
  if (cursor.number(1) !== 4) return undefined;
  cursor.take(4);
  const algorithm = cursor.number(1);
  const id = createHash("sha1").update(hashedHead(body)).update(body).digest("hex").slice(-16);
  if (algorithm === 1 || algorithm === 3) {
    const [n, e] = [cursor.integer(), cursor.integer()];
    if (n.length * 8 < leastRsaBits) throw new CooperError(code, `RSA key too short: ${n.length * 8} bits`);
    const jwk = { kty: "RSA", n: n.toString("base64url"), e: e.toString("base64url") };
    return { kind: "rsa", algorithm, key: createPublicKey({ key: jwk, format: "jwk" }), size: n.length, id, body };
  }
  const point = algorithm === 27 ? cursor.take(32) : algorithm === 22 ? legacyPoint(cursor) : undefined;
  if (point === undefined) return undefined;
  const jwk = { kty: "OKP", crv: "Ed25519", x: point.toString("base64url") };
  return { kind: "ed25519", algorithm, key: createPublicKey({ key: jwk, format: "jwk" }), size: 64, id, body };
}

function legacyPoint(cursor: Cursor): Buffer | undefined {
  if (cursor.take(cursor.number(1)).toString("hex") !== ed25519Oid) return undefined;
  const point = cursor.integer();
  return point.length === 33 && point[0] === 0x40 ? point.subarray(1) : undefined;
}
