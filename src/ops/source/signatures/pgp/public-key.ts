import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { Cursor } from "./packets.ts";

/** A key of version 4 that can be checked with (RFC 9580, 5.5). */
export interface PublicKey {
  readonly kind: "rsa" | "ed25519" | "ecdsa";
  /** OpenPGP's number. */
  readonly algorithm: number;
  readonly key: KeyObject;
  /** Bytes of an RSA signature, and of one number of the others. */
  readonly size: number;
  /** The last eight bytes of the fingerprint, as hex. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** What a signature of the key begins with. */
  readonly hashed: Buffer;
}

const ed25519 = "2b06010401da470f01";
/** Curves by their identifiers, with the bytes of a number. */
const curves: Readonly<Record<string, { readonly name: string; readonly size: number }>> = {
  "2a8648ce3d030107": { name: "P-256", size: 32 },
  "2b81040022": { name: "P-384", size: 48 },
  "2b81040023": { name: "P-521", size: 66 },
};

/** Undefined for a key of another version or kind. Throws `ops/bad-signature` for one that ends early. */
export function readPublicKey(body: Buffer): PublicKey | undefined {
  const cursor = new Cursor(body);
  if (cursor.number(1) !== 4) return undefined;
  const created = cursor.number(4);
  const algorithm = cursor.number(1);
  const form = formOf(algorithm, cursor);
  if (form === undefined) return undefined;
  const hashed = Buffer.concat([Buffer.from([0x99, body.length >> 8, body.length & 0xff]), body]);
  const id = createHash("sha1").update(hashed).digest("hex").slice(-16);
  const key = keyObject(form.jwk);
  return key && { kind: form.kind, size: form.size, algorithm, key, id, created, hashed };
}

type Jwk = Readonly<Record<string, string>>;
type Form = Pick<PublicKey, "kind" | "size"> & { readonly jwk: Jwk };

function formOf(algorithm: number, cursor: Cursor): Form | undefined {
  if (algorithm === 1 || algorithm === 3) {
    const [n, e] = [cursor.integer(), cursor.integer()];
    return { kind: "rsa", size: n.length, jwk: { kty: "RSA", n: text(n), e: text(e) } };
  }
  if (algorithm === 27) return edwards(cursor.take(32));
  if (algorithm === 22) {
    const curve = cursor.take(cursor.number(1)).toString("hex");
    const point = cursor.integer();
    return curve === ed25519 && point.length === 33 && point[0] === 0x40 ? edwards(point.subarray(1)) : undefined;
  }
  if (algorithm !== 19) return undefined;
  const curve = curves[cursor.take(cursor.number(1)).toString("hex")];
  const point = cursor.integer();
  if (curve === undefined || point.length !== 2 * curve.size + 1 || point[0] !== 4) return undefined;
  const [x, y] = [point.subarray(1, 1 + curve.size), point.subarray(1 + curve.size)];
  return { kind: "ecdsa", size: curve.size, jwk: { kty: "EC", crv: curve.name, x: text(x), y: text(y) } };
}

function edwards(point: Buffer): Form {
  return { kind: "ed25519", size: 32, jwk: { kty: "OKP", crv: "Ed25519", x: text(point) } };
}

/** A point that is on no curve is no key. */
function keyObject(jwk: Jwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: "jwk" });
  } catch {
    return undefined;
  }
}

const text = (bytes: Buffer) => bytes.toString("base64url");
