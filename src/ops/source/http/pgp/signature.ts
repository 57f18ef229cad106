import { createHash, createVerify, verify as verifyBytes } from "node:crypto";
import { CooperError } from "../../../../kit/index.ts";
import { code } from "./armor.ts";
import type { PublicKey } from "./keys.ts";
import { Cursor, newLength } from "./packets.ts";

const hashes: Readonly<Record<number, string>> = { 8: "sha256", 9: "sha384", 10: "sha512" };
/** Of these it is known what they mean for a signature of a file or a key. */
const understood = new Set([2, 3, 9, 11, 16, 20, 21, 22, 23, 25, 27, 28, 30, 32, 33, 34, 39]);

/** A signature of version 4. */
export interface Signature {
  readonly type: number;
  readonly algorithm: number;
  readonly hash: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** The last eight bytes of the signing key's fingerprint, as hex; undefined when it does not say. */
  readonly issuer: string | undefined;
  /** What is hashed after the data. */
  readonly trailer: Buffer;
  readonly values: readonly Buffer[];
}

/** Throws `ops/bad-signature` for what is no good signature whatever it signs: weak hashes, unknown things that matter. */
export function readSignature(body: Buffer): Signature {
  const cursor = new Cursor(body);
  const version = cursor.number(1);
  if (version !== 4) throw new CooperError(code, `unsupported signature version ${version}`);
  const [type, algorithm, hashId] = [cursor.number(1), cursor.number(1), cursor.number(1)];
  const hash = hashes[hashId];
  if (hash === undefined) throw new CooperError(code, `rejecting weak/unknown hash: ${hashId}`);
  const hashedLength = cursor.number(2);
  const hashed = subpackets(cursor.take(hashedLength), true);
  const loose = subpackets(cursor.take(cursor.number(2)), false);
  cursor.take(2);
  const values: Buffer[] = [];
  if (algorithm === 27) values.push(cursor.take(64));
  else while (cursor.rest > 0) values.push(cursor.integer());
  const fields = body.subarray(0, 6 + hashedLength);
  const end = Buffer.from([4, 0xff, 0, 0, 0, 0]);
  end.writeUInt32BE(fields.length, 2);
  const fingerprint = (hashed.get(33) ?? loose.get(33))?.subarray(1).toString("hex");
  const issuer = fingerprint?.slice(-16) ?? (hashed.get(16) ?? loose.get(16))?.toString("hex");
  const created = hashed.get(2)?.readUInt32BE(0);
  if (created === undefined) throw new CooperError(code, "signature without a time");
  return { type, algorithm, hash, created, issuer, trailer: Buffer.concat([fields, end]), values };
}

function subpackets(bytes: Buffer, counts: boolean): Map<number, Buffer> {
  const cursor = new Cursor(bytes);
  const found = new Map<number, Buffer>();
  while (cursor.rest > 0) {
    const content = cursor.take(newLength(cursor));
    const type = (content[0] ?? 0) & 0x7f;
    const critical = ((content[0] ?? 0) & 0x80) !== 0;
    if (counts && critical && !understood.has(type)) {
      throw new CooperError(code, `unknown critical signature subpacket type ${type}`);
    }
    found.set(type, content.subarray(1));
  }
  return found;
}

/** Whether the key made this signature of that data. */
export async function isSignedBy(
  signature: Signature,
  key: PublicKey,
  data: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<boolean> {
  if (key.algorithm !== signature.algorithm) return false;
  if (key.kind === "ed25519") {
    const hash = createHash(signature.hash);
    for await (const chunk of data) hash.update(chunk);
    hash.update(signature.trailer);
    const bytes = Buffer.concat(
      signature.values.map((value) => padded(value, signature.values.length === 1 ? 64 : 32)),
    );
    return verifyBytes(null, hash.digest(), key.key, bytes);
  }
  const verifier = createVerify(signature.hash);
  for await (const chunk of data) verifier.update(chunk);
  verifier.update(signature.trailer);
  const [value = Buffer.alloc(0)] = signature.values;
  return verifier.verify(key.key, padded(value, key.size));
}

function padded(value: Buffer, size: number): Buffer {
  return value.length >= size ? value : Buffer.concat([Buffer.alloc(size - value.length), value]);
}
