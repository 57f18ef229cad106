import { createHash, verify } from "node:crypto";
import { CooperError, prefixed } from "../../../../kit/index.ts";
import { code } from "../pgp/armor.ts";
import { Fields, field } from "./fields.ts";
import { parseSshKey, readSshKey, type SshKey } from "./public-key.ts";

const magic = Buffer.from("SSHSIG");
const hashes = ["sha256", "sha512"];
const rsaHashes: Readonly<Record<string, string>> = { "rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512" };

/** A signature as `ssh-keygen -Y sign` makes them (OpenSSH's PROTOCOL.sshsig). */
interface SshSignature {
  readonly key: SshKey;
  readonly namespace: string;
  readonly hash: string;
  readonly format: string;
  readonly value: Buffer;
  /** After the value: what a hardware key adds. */
  readonly extra: Buffer;
}

/**
 * Checks an armored SSH signature of the data, made in this namespace, against the first key of a text like `authorized_keys`. Throws
 * `ops/bad-signature`.
 */
export function verifySsh(data: Uint8Array, armored: string, publicKey: string, namespace: string): void {
  const signature = readSignature(armored);
  if (!hashes.includes(signature.hash)) {
    throw new CooperError(code, `unsupported SSH signature hash algorithm: ${signature.hash}`);
  }
  if (signature.namespace !== namespace) {
    throw new CooperError(code, `unexpected SSH signature namespace: ${JSON.stringify(signature.namespace)}`);
  }
  const key = parseSshKey(publicKey);
  if (!key.blob.equals(signature.key.blob)) throw failed("public key does not match");
  const hash = createHash(signature.hash).update(data).digest();
  const parts = [Buffer.from(namespace), Buffer.alloc(0), Buffer.from(signature.hash), hash];
  if (!isSigned(Buffer.concat([magic, ...parts.map(field)]), signature)) throw failed("ssh: signature did not verify");
}

function failed(why: string): CooperError {
  return new CooperError(code, `failed to verify ssh signature: ${why}`);
}

function readSignature(armored: string): SshSignature {
  const body = /^-----BEGIN SSH SIGNATURE-----\r?\n([A-Za-z0-9+/=\s]*)-----END SSH SIGNATURE-----/.exec(armored)?.[1];
  if (body === undefined) throw new CooperError(code, "failed to decode ssh signature PEM block");
  try {
    const fields = new Fields(Buffer.from(body, "base64"));
    if (!fields.take(magic.length).equals(magic)) throw new CooperError(code, "invalid magic header");
    const version = fields.number();
    if (version !== 1) throw new CooperError(code, `unsupported signature version ${version}`);
    const key = readSshKey(fields.bytes());
    const namespace = fields.text();
    fields.bytes();
    const hash = fields.text();
    const made = new Fields(fields.bytes());
    return { key, namespace, hash, format: made.text(), value: made.bytes(), extra: made.rest };
  } catch (error) {
    throw prefixed("failed to parse ssh signature", error, code);
  }
}

function isSigned(message: Buffer, { key, format, value, extra }: SshSignature): boolean {
  const signed = key.application === undefined ? message : withDevice(message, key.application, extra);
  if (key.kind === "rsa") {
    const hash = rsaHashes[format];
    if (hash === undefined) throw failed(`invalid signature format ${JSON.stringify(format)}`);
    return verify(hash, signed, key.key, Buffer.concat([Buffer.alloc(Math.max(0, key.size - value.length)), value]));
  }
  if (format !== key.type) throw failed(`ssh: signature type ${format} for key type ${key.type}`);
  if (key.kind === "ed25519") return verify(null, signed, key.key, value);
  const numbers = new Fields(value);
  const [r, s] = [numbers.integer(), numbers.integer()];
  if (r.length > key.size || s.length > key.size) return false;
  const padded = [r, s].map((number) => Buffer.concat([Buffer.alloc(key.size - number.length), number]));
  return verify(key.hash, signed, { key: key.key, dsaEncoding: "ieee-p1363" }, Buffer.concat(padded));
}

/** What a hardware key signs: its application, flags and counter, and the message's hash (OpenSSH's PROTOCOL.u2f). */
function withDevice(message: Buffer, application: string, extra: Buffer): Buffer {
  const hashOf = (bytes: Buffer | string) => createHash("sha256").update(bytes).digest();
  return Buffer.concat([hashOf(application), new Fields(extra).take(5), hashOf(message)]);
}
