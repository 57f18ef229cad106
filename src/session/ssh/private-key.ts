import { createPrivateKey, type KeyObject, sign, type webcrypto } from "node:crypto";
import { CooperError, errnoOf } from "../../kit/index.ts";
import { readOpensshKey } from "./openssh-key.ts";
import { mpint, string } from "./wire.ts";

type JsonWebKey = webcrypto.JsonWebKey;

/** A private key as an ssh agent uses it. */
export interface SshKey {
  readonly comment: string;
  /** The public half, as ssh sends it (RFC 4253, section 6.6). */
  readonly publicBlob: Buffer;
  /** A signature blob; the flags choose the hash of an RSA signature (RFC 8332). */
  sign(data: Buffer, flags: number): Buffer;
}

/** Flags of a sign request. */
const rsaSha256 = 2;
const rsaSha512 = 4;

/** Reads a private key in OpenSSH's or a PEM format. Throws `session/bad-ssh` with upstream's words. */
export function parsePrivateKey(text: string, comment: string): SshKey {
  const openssh = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]*)-----END OPENSSH PRIVATE KEY-----/.exec(text);
  if (openssh !== null) {
    const read = readOpensshKey(Buffer.from(openssh[1] ?? "", "base64"));
    return sshKey(createPrivateKey({ key: read.jwk, format: "jwk" }), read.comment || comment);
  }
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw bad("ssh: no key found");
  return sshKey(readPem(text), comment);
}

function readPem(text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    const locked = errnoOf(cause) === "ERR_MISSING_PASSPHRASE" || /ENCRYPTED/.test(text);
    throw bad(locked ? "ssh: this private key is passphrase protected" : "ssh: no key found");
  }
}

function sshKey(key: KeyObject, comment: string): SshKey {
  const jwk = key.export({ format: "jwk" });
  if (key.asymmetricKeyType === "rsa") return rsaKey(key, jwk, comment);
  if (key.asymmetricKeyType === "ec") return ecdsaKey(key, jwk, comment);
  if (key.asymmetricKeyType !== "ed25519") throw bad(`ssh: unsupported key type ${key.asymmetricKeyType}`);
  const type = string("ssh-ed25519");
  const publicBlob = Buffer.concat([type, string(bytes(jwk.x))]);
  return { comment, publicBlob, sign: (data) => Buffer.concat([type, string(sign(null, data, key))]) };
}

function rsaKey(key: KeyObject, jwk: JsonWebKey, comment: string): SshKey {
  const publicBlob = Buffer.concat([string("ssh-rsa"), mpint(bytes(jwk.e)), mpint(bytes(jwk.n))]);
  return {
    comment,
    publicBlob,
    sign(data, flags) {
      const [type, hash] =
        flags & rsaSha512
          ? ["rsa-sha2-512", "sha512"]
          : flags & rsaSha256
            ? ["rsa-sha2-256", "sha256"]
            : ["ssh-rsa", "sha1"];
      return Buffer.concat([string(type), string(sign(hash, data, key))]);
    },
  };
}

const curves = new Map([
  ["P-256", { name: "nistp256", hash: "sha256" }],
  ["P-384", { name: "nistp384", hash: "sha384" }],
  ["P-521", { name: "nistp521", hash: "sha512" }],
]);

function ecdsaKey(key: KeyObject, jwk: JsonWebKey, comment: string): SshKey {
  const curve = curves.get(jwk.crv ?? "");
  if (curve === undefined) throw bad("ssh: unsupported elliptic curve");
  const type = string(`ecdsa-sha2-${curve.name}`);
  const point = Buffer.concat([Buffer.from([4]), bytes(jwk.x), bytes(jwk.y)]);
  return {
    comment,
    publicBlob: Buffer.concat([type, string(curve.name), string(point)]),
    sign(data) {
      const pair = sign(curve.hash, data, { key, dsaEncoding: "ieee-p1363" });
      const half = pair.length / 2;
      return Buffer.concat([type, string(Buffer.concat([mpint(pair.subarray(0, half)), mpint(pair.subarray(half))]))]);
    },
  };
}

function bytes(base64url: string | undefined): Buffer {
  return Buffer.from(base64url ?? "", "base64url");
}
function bad(reason: string): CooperError {
  return new CooperError("session/bad-ssh", reason);
}
