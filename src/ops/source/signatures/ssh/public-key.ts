import { createPublicKey, type KeyObject } from "node:crypto";
import { CooperError } from "../../../../kit/index.ts";
import { code } from "../pgp/armor.ts";
import { Fields } from "./fields.ts";

/** A public key as OpenSSH has it (RFC 4253, 6.6; RFC 5656; RFC 8709; OpenSSH's PROTOCOL.u2f). */
export interface SshKey {
  readonly type: string;
  readonly kind: "rsa" | "ed25519" | "ecdsa";
  readonly key: KeyObject;
  /** Hash of an ECDSA signature; bytes of one of its numbers. */
  readonly hash: string;
  readonly size: number;
  /** What a hardware key is for; undefined for others. */
  readonly application: string | undefined;
  /** The key as it is sent: two keys are one when these are the same. */
  readonly blob: Buffer;
}

interface Curve {
  readonly name: string;
  readonly size: number;
  readonly hash: string;
}

const curves: Readonly<Record<string, Curve>> = {
  nistp256: { name: "P-256", size: 32, hash: "sha256" },
  nistp384: { name: "P-384", size: 48, hash: "sha384" },
  nistp521: { name: "P-521", size: 66, hash: "sha512" },
};

/** Throws `ops/bad-signature` for a kind that is not known. */
export function readSshKey(blob: Buffer): SshKey {
  const fields = new Fields(blob);
  const type = fields.text();
  const hardware = type.startsWith("sk-");
  const form = formOf(type.replace(/^sk-/, "").replace(/@openssh\.com$/, ""), fields);
  if (form === undefined) throw new CooperError(code, `ssh: unknown key algorithm: ${type}`);
  const { kind, jwk, hash, size } = form;
  const application = hardware ? fields.text() : undefined;
  try {
    return { type, kind, hash, size, application, blob, key: createPublicKey({ key: jwk, format: "jwk" }) };
  } catch (cause) {
    throw new CooperError(code, `ssh: invalid key of type ${type}`, { cause });
  }
}

type Jwk = Readonly<Record<string, string>>;
type Form = Pick<SshKey, "kind" | "hash" | "size"> & { readonly jwk: Jwk };
const text = (bytes: Buffer) => bytes.toString("base64url");

function formOf(type: string, fields: Fields): Form | undefined {
  if (type === "ssh-ed25519") {
    const point = fields.bytes();
    return { kind: "ed25519", hash: "", size: 32, jwk: { kty: "OKP", crv: "Ed25519", x: text(point) } };
  }
  if (type === "ssh-rsa") {
    const [e, n] = [fields.integer(), fields.integer()];
    return { kind: "rsa", hash: "", size: n.length, jwk: { kty: "RSA", n: text(n), e: text(e) } };
  }
  const curve = curves[/^ecdsa-sha2-(\w+)$/.exec(type)?.[1] ?? ""];
  if (curve === undefined) return undefined;
  fields.bytes();
  const point = fields.bytes();
  const { name, size, hash } = curve;
  if (point.length !== 2 * size + 1 || point[0] !== 4) return undefined;
  const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)];
  return { kind: "ecdsa", hash, size, jwk: { kty: "EC", crv: name, x: text(x), y: text(y) } };
}

/** The first key of a text like `authorized_keys`. Throws `ops/bad-signature`. */
export function parseSshKey(content: string): SshKey {
  for (const line of content.split("\n")) {
    if (line.trimStart().startsWith("#")) continue;
    // Options may come first; the type says where the key begins, and says it again inside.
    const [, type = "", encoded = ""] =
      /(?:^|\s)([\w@.-]+)\s+([A-Za-z0-9+/]{16,}={0,2})(?:\s|$)/.exec(line.trim()) ?? [];
    const blob = Buffer.from(encoded, "base64");
    if (type === "" || !blob.subarray(4).toString("latin1").startsWith(type)) continue;
    return readSshKey(blob);
  }
  throw new CooperError(code, "failed to parse ssh public key: ssh: no key found");
}
