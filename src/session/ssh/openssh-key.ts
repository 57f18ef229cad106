import type { webcrypto } from "node:crypto";
import { CooperError } from "../../kit/index.ts";
import { SshReader } from "./wire.ts";

type JsonWebKey = webcrypto.JsonWebKey;

const magic = "openssh-key-v1\0";
const curves = new Map([
  ["nistp256", "P-256"],
  ["nistp384", "P-384"],
  ["nistp521", "P-521"],
]);

/**
 * Reads the body of an `OPENSSH PRIVATE KEY` (PROTOCOL.key of OpenSSH) as a JSON Web Key, which Node can use, with the
 * key's comment. Throws `session/bad-ssh`, also for a key that needs a passphrase.
 */
export function readOpensshKey(body: Buffer): { readonly jwk: JsonWebKey; readonly comment: string } {
  if (body.subarray(0, magic.length).toString("latin1") !== magic) throw bad("ssh: no key found");
  const outer = new SshReader(body.subarray(magic.length));
  const cipher = outer.text();
  if (cipher !== "none") throw bad("ssh: this private key is passphrase protected");
  outer.string();
  outer.string();
  if (outer.uint32() !== 1) throw bad("ssh: multi-key files are not supported");
  outer.string();
  const inner = new SshReader(outer.string());
  // Two equal numbers: with a cipher they would tell a wrong passphrase.
  const [one, two] = [inner.uint32(), inner.uint32()];
  if (one !== two) throw bad("ssh: malformed OpenSSH key");
  const jwk = readKey(inner.text(), inner);
  return { jwk, comment: inner.string().toString("utf8") };
}

function readKey(type: string, reader: SshReader): JsonWebKey {
  if (type === "ssh-ed25519") {
    const x = reader.string();
    return {
      kty: "OKP",
      crv: "Ed25519",
      x: x.toString("base64url"),
      d: reader.string().subarray(0, 32).toString("base64url"),
    };
  }
  if (type === "ssh-rsa") return readRsa(reader);
  if (type.startsWith("ecdsa-sha2-")) return readEcdsa(reader);
  throw bad(`ssh: unhandled key type ${JSON.stringify(type)}`);
}

function readRsa(reader: SshReader): JsonWebKey {
  const [n, e, d, inverse, p, q] = Array.from({ length: 6 }, () => unsigned(reader.string()));
  if (n === undefined || e === undefined || d === undefined || p === undefined || q === undefined)
    throw bad("ssh: no key");
  const size = p.length;
  const modulo = (prime: Buffer) => numberOf(d) % (numberOf(prime) - 1n);
  const url = (bytes: Buffer | undefined) => (bytes ?? Buffer.alloc(0)).toString("base64url");
  return {
    kty: "RSA",
    n: url(n),
    e: url(e),
    d: url(d),
    p: url(p),
    q: url(q),
    dp: url(bytesOf(modulo(p), size)),
    dq: url(bytesOf(modulo(q), size)),
    qi: url(inverse),
  };
}

function readEcdsa(reader: SshReader): JsonWebKey {
  const crv = curves.get(reader.text());
  const point = reader.string();
  const size = (point.length - 1) / 2;
  if (crv === undefined || point[0] !== 4 || !Number.isInteger(size)) throw bad("ssh: unsupported elliptic curve");
  const d = unsigned(reader.string());
  return {
    kty: "EC",
    crv,
    x: point.subarray(1, 1 + size).toString("base64url"),
    y: point.subarray(1 + size).toString("base64url"),
    d: Buffer.concat([Buffer.alloc(Math.max(0, size - d.length)), d]).toString("base64url"),
  };
}

/** Without the zero byte that keeps a number from being negative. */
function unsigned(bytes: Buffer): Buffer {
  return bytes[0] === 0 ? bytes.subarray(1) : bytes;
}
function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString("hex") || "0"}`);
}
function bytesOf(value: bigint, size: number): Buffer {
  return Buffer.from(value.toString(16).padStart(size * 2, "0"), "hex");
}
function bad(reason: string): CooperError {
  return new CooperError("session/bad-ssh", reason);
}
