import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";
import { bits, boolean, der, integer, octets, oid, sequence, set, time, utf8 } from "./der.ts";

const ids = {
  commonName: "2.5.4.3",
  sha256WithRsa: "1.2.840.113549.1.1.11",
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyId: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
} as const;
/** Bits of the key usage extension. */
const usages = { digitalSignature: 0x80, keyEncipherment: 0x20, certificateSign: 0x04 } as const;

export interface CertificateWish {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly issuerKey: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  /** A host name or address that it is for; undefined: it signs others. */
  readonly host: string | undefined;
  readonly from: Date;
  readonly until: Date;
}

/** An X.509 certificate (RFC 5280) of RSA keys as PEM; Node can read them, but makes none. */
export function makeCertificate(wish: CertificateWish): string {
  const algorithm = sequence(oid(ids.sha256WithRsa), der(0x05));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    nameOf(wish.issuer),
    sequence(time(wish.from), time(wish.until)),
    nameOf(wish.subject),
    wish.publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions(wish))),
  );
  const signature = sign("sha256", body, wish.issuerKey.privateKey);
  const text = sequence(body, algorithm, bits(signature)).toString("base64");
  return `-----BEGIN CERTIFICATE-----\n${text.replace(/(.{64})(?=.)/g, "$1\n")}\n-----END CERTIFICATE-----\n`;
}

function nameOf(text: string): Buffer {
  return sequence(set(sequence(oid(ids.commonName), utf8(text))));
}

function extensions({ host, publicKey, issuerKey }: CertificateWish): Buffer[] {
  const identity = [
    extension(ids.subjectKeyId, octets(keyId(publicKey)), false),
    extension(ids.authorityKeyId, sequence(der(0x80, keyId(issuerKey.publicKey))), false),
  ];
  if (host === undefined) {
    const usage = Buffer.from([usages.digitalSignature | usages.certificateSign]);
    return [
      ...identity,
      extension(ids.basicConstraints, sequence(boolean(true)), true),
      extension(ids.keyUsage, bits(usage, 2), true),
    ];
  }
  const usage = Buffer.from([usages.digitalSignature | usages.keyEncipherment]);
  return [
    ...identity,
    extension(ids.keyUsage, bits(usage, 5), true),
    extension(ids.extendedKeyUsage, sequence(oid(ids.serverAuth)), false),
    extension(ids.subjectAltName, sequence(alternativeName(host)), false),
  ];
}

function extension(id: string, content: Buffer, critical: boolean): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(content));
}

function keyId(key: KeyObject): Buffer {
  return createHash("sha1")
    .update(key.export({ type: "spki", format: "der" }))
    .digest();
}

function alternativeName(host: string): Buffer {
  const kind = isIP(host);
  if (kind === 0) return der(0x82, Buffer.from(host, "latin1"));
  return der(0x87, kind === 4 ? Buffer.from(host.split(".").map(Number)) : ipv6(host));
}

function ipv6(text: string): Buffer {
  // The URL parser writes the shortest form, with at most one gap and no dotted end.
  const plain = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [front = "", back] = plain.split("::");
  const words = (part: string) => (part === "" ? [] : part.split(":"));
  const [head, tail] = [words(front), words(back ?? "")];
  const all = back === undefined ? head : [...head, ...Array(8 - head.length - tail.length).fill("0"), ...tail];
  return Buffer.from(all.flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 0xff]));
}
