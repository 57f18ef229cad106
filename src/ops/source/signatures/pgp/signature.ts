import { createHash, createVerify, verify as verifyBytes } from "node:crypto";
import { CooperError } from "../../../../kit/index.ts";
import { code } from "./armor.ts";
import { Cursor, newLength } from "./packets.ts";
import type { PublicKey } from "./public-key.ts";

const hashes: Readonly<Record<number, string>> = { 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224" };
/** Of these it is known what they mean for a signature of a file or a key. */
const understood = new Set([2, 3, 9, 11, 16, 21, 22, 23, 25, 27, 28, 29, 30, 32, 33, 34, 39]);

/** A signature of version 4 (RFC 9580, 5.2). */
export interface Signature {
  readonly type: number;
  readonly algorithm: number;
  /** May be a weak one: old keys vouch for themselves with SHA-1. */
  readonly hash: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** Seconds that it is good for; 0: for ever. */
  readonly lifetime: number;
  /** The last eight bytes of the signing key's fingerprint, as hex; undefined when it does not say. */
  readonly issuer: string | undefined;
  /** What it says of the key that it is about. */
  readonly key: {
    /** Seconds from the key's beginning; 0: for ever. */
    readonly lifetime: number;
    readonly maySign: boolean;
    /** That the user whom it names is the main one. */
    readonly isMain: boolean;
    /** A subkey's own signature of its primary key. */
    readonly back: Buffer | undefined;
    /** Why it is revoked. */
    readonly reason: string;
  };
  /** What is hashed after the data. */
  readonly trailer: Buffer;
  readonly values: readonly Buffer[];
}

/** Throws `ops/bad-signature` for what nobody can check: other versions, unknown hashes, unknown things that matter. */
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
  const created = seconds(hashed.get(2));
  if (created === undefined) throw new CooperError(code, "signature without a time");
  return {
    type,
    algorithm,
    hash,
    created,
    lifetime: seconds(hashed.get(3)) ?? 0,
    issuer: issuerOf(hashed, loose),
    key: {
      lifetime: seconds(hashed.get(9)) ?? 0,
      maySign: ((hashed.get(27)?.[0] ?? 0) & 2) !== 0,
      isMain: (hashed.get(25)?.[0] ?? 0) !== 0,
      back: hashed.get(32) ?? loose.get(32),
      reason: hashed.get(29)?.subarray(1).toString() ?? "",
    },
    trailer: Buffer.concat([fields, end]),
    values,
  };
}

type Subpackets = ReadonlyMap<number, Buffer>;

function issuerOf(hashed: Subpackets, loose: Subpackets): string | undefined {
  const fingerprint = (hashed.get(33) ?? loose.get(33))?.subarray(1).toString("hex");
  return fingerprint?.slice(-16) ?? (hashed.get(16) ?? loose.get(16))?.toString("hex");
}

function seconds(bytes: Buffer | undefined): number | undefined {
  return bytes === undefined || bytes.length < 4 ? undefined : bytes.readUInt32BE(0);
}

function subpackets(bytes: Buffer, counts: boolean): Subpackets {
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

export type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Whether the key made this signature of that data. */
export async function isSignedBy(signature: Signature, key: PublicKey, data: Pieces): Promise<boolean> {
  if (key.algorithm !== signature.algorithm) return false;
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = signature.values;
  if (key.kind === "ed25519") {
    const hash = createHash(signature.hash);
    for await (const chunk of data) hash.update(chunk);
    hash.update(signature.trailer);
    const bytes = signature.values.length === 1 ? first : Buffer.concat([padded(first, 32), padded(second, 32)]);
    return verifyBytes(null, hash.digest(), key.key, bytes);
  }
  const verifier = createVerify(signature.hash);
  for await (const chunk of data) verifier.update(chunk);
  verifier.update(signature.trailer);
  if (key.kind === "rsa") return verifier.verify(key.key, padded(first, key.size));
  const bytes = Buffer.concat([padded(first, key.size), padded(second, key.size)]);
  return verifier.verify({ key: key.key, dsaEncoding: "ieee-p1363" }, bytes);
}

function padded(value: Buffer, size: number): Buffer {
  return value.length >= size ? value : Buffer.concat([Buffer.alloc(size - value.length), value]);
}
