import { CooperError } from "../../../../kit/index.ts";
import { armoredBlocks, code } from "./armor.ts";
import { type Packet, packetsOf } from "./packets.ts";
import { type PublicKey, readPublicKey } from "./public-key.ts";
import { isSignedBy, readSignature, type Signature } from "./signature.ts";

const tags = { signature: 2, publicKey: 6, userId: 13, publicSubkey: 14 } as const;
const types = { keyRevocation: 0x20, subkeyBinding: 0x18, primaryBinding: 0x19, subkeyRevocation: 0x28 } as const;
const userRevocation = 0x30;
const isUserCertificate = (type: number) => type >= 0x10 && type <= 0x13;

/** A key that may have made a signature, and what vouches for it. */
export interface SigningKey {
  readonly key: PublicKey;
  readonly primary: PublicKey;
  /** Each key that has to be good still, and the signature that says for how long: the primary key, and the subkey. */
  readonly terms: readonly { readonly key: PublicKey; readonly vouched: Signature }[];
  readonly revoked: boolean;
}

/**
 * The keys of armored blocks that may sign: primary keys that a user's certificate of their own allows to, and subkeys that sign and are
 * signed by their primary key. Keys of other kinds than RSA, Ed25519 and ECDSA are passed over. Throws `ops/bad-signature`, also for
 * a primary key that is revoked.
 */
export async function signingKeys(text: string): Promise<readonly SigningKey[]> {
  const blocks = armoredBlocks(text, ["PUBLIC KEY BLOCK"]);
  if (blocks.length === 0) throw new CooperError(code, "failed to read armored public key: no armored data found");
  const keys: SigningKey[] = [];
  for (const block of blocks) {
    for (const packets of certificates(packetsOf(block))) keys.push(...(await keysOf(packets)));
  }
  return keys;
}

/** Each primary key with what follows it. */
function certificates(packets: readonly Packet[]): readonly (readonly Packet[])[] {
  const starts = packets.flatMap(({ tag }, index) => (tag === tags.publicKey ? [index] : []));
  return starts.map((start, index) => packets.slice(start, starts[index + 1]));
}

interface Part {
  readonly what: Packet;
  readonly signatures: readonly Buffer[];
}

/** What is signed, each with the signatures after it. */
function partsOf(packets: readonly Packet[]): readonly Part[] {
  const parts: { what: Packet; signatures: Buffer[] }[] = [];
  for (const packet of packets) {
    if (packet.tag === tags.signature) parts.at(-1)?.signatures.push(packet.body);
    else parts.push({ what: packet, signatures: [] });
  }
  return parts;
}

async function keysOf(packets: readonly Packet[]): Promise<readonly SigningKey[]> {
  const [first, ...others] = partsOf(packets);
  const primary = first && readPublicKey(first.what.body);
  if (first === undefined || primary === undefined) return [];
  for (const body of first.signatures) refuseRevoked(body);
  const vouched = await mainCertificate(primary, others);
  if (vouched === undefined) return [];
  const own = { key: primary, vouched: vouched.signature };
  const keys: SigningKey[] = [];
  if (vouched.signature.key.maySign) keys.push({ key: primary, primary, terms: [own], revoked: vouched.revoked });
  for (const { what, signatures } of others) {
    const key = what.tag === tags.publicSubkey ? readPublicKey(what.body) : undefined;
    const bound = key && (await binding(primary, key, signatures));
    if (key === undefined || bound === undefined) continue;
    const revoked = vouched.revoked || signatures.some((body) => body[1] === types.subkeyRevocation);
    keys.push({ key, primary, terms: [own, { key, vouched: bound }], revoked });
  }
  return keys;
}

/** Whoever wrote the revocation: the key is not to be trusted. */
function refuseRevoked(body: Buffer): void {
  if (body[1] !== types.keyRevocation) return;
  const reason = parsed(body)?.key.reason ?? "";
  throw new CooperError(code, reason === "" ? "key revoked" : `key revoked: ${reason}`);
}

interface Certificate {
  readonly signature: Signature;
  readonly revoked: boolean;
}

/** What the key says of itself with its main user: one that is not revoked first, the one that is marked, the newest. */
async function mainCertificate(primary: PublicKey, parts: readonly Part[]): Promise<Certificate | undefined> {
  const found: Certificate[] = [];
  for (const { what, signatures } of parts) {
    if (what.tag !== tags.userId) continue;
    const length = Buffer.alloc(5);
    length[0] = 0xb4;
    length.writeUInt32BE(what.body.length, 1);
    const hashed = [primary.hashed, length, what.body];
    const signature = await newest(primary, hashed, signatures, isUserCertificate);
    const revocation = await newest(primary, hashed, signatures, (type) => type === userRevocation);
    if (signature !== undefined) found.push({ signature, revoked: revocation !== undefined });
  }
  const rank = ({ signature, revoked }: Certificate) => [
    revoked ? 0 : 1,
    signature.key.isMain ? 1 : 0,
    signature.created,
  ];
  return found.sort((a, b) => compare(rank(b), rank(a)))[0];
}

function compare(a: readonly number[], b: readonly number[]): number {
  return a.map((value, index) => value - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** The newest binding of a subkey that signs. It has to sign back: else anyone could claim another's. */
async function binding(
  primary: PublicKey,
  subkey: PublicKey,
  signatures: readonly Buffer[],
): Promise<Signature | undefined> {
  const hashed = [primary.hashed, subkey.hashed];
  const bound = await newest(primary, hashed, signatures, (type) => type === types.subkeyBinding);
  if (bound?.key.back === undefined || !bound.key.maySign) return undefined;
  const back = await newest(subkey, hashed, [bound.key.back], (type) => type === types.primaryBinding);
  return back && bound;
}

/** The newest of these signatures that the key made; others' and broken ones are nothing. */
async function newest(
  key: PublicKey,
  hashed: readonly Buffer[],
  signatures: readonly Buffer[],
  isWanted: (type: number) => boolean,
): Promise<Signature | undefined> {
  let found: Signature | undefined;
  for (const body of signatures) {
    const signature = isWanted(body[1] ?? 0) ? parsed(body) : undefined;
    if (signature === undefined || (signature.issuer !== undefined && signature.issuer !== key.id)) continue;
    if (found !== undefined && found.created > signature.created) continue;
    if (await isSignedBy(signature, key, hashed)) found = signature;
  }
  return found;
}

function parsed(body: Buffer): Signature | undefined {
  try {
    return readSignature(body);
  } catch {
    return undefined;
  }
}
