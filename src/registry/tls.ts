import { readFile } from "node:fs/promises";
import type { SecureContextOptions } from "node:tls";
import { CooperError, messageOf } from "../kit/index.ts";
import type { TlsOptions } from "./endpoint.ts";

/**
 * What Node needs for TLS to one host. The roots are Node's own plus `ca`; with `systemRoots` those of the machine as well
 * (a company's own root is often installed there). Reading these takes 80 ms, so it is asked for only when the others fail.
 * Throws `registry/bad-config` for a file that cannot be read.
 */
export async function secureOptions(options: TlsOptions, systemRoots: boolean): Promise<SecureContextOptions> {
  const { getCACertificates } = await import("node:tls");
  const extra = await Promise.all(options.ca.map(readPem));
  const pairs = await Promise.all(
    options.keyPairs.map(async (pair) => ({ key: await readPem(pair.key), cert: await readPem(pair.cert) })),
  );
  const secure: SecureContextOptions = {};
  if (extra.length > 0 || systemRoots) {
    const system = systemRoots ? getCACertificates("system") : [];
    secure.ca = [...new Set([...getCACertificates("default"), ...system]), ...extra];
  }
  if (pairs.length > 0) {
    secure.key = pairs.map((pair) => ({ pem: pair.key }));
    secure.cert = pairs.map((pair) => pair.cert);
  }
  return secure;
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new CooperError("registry/bad-config", `failed to read ${path}: ${messageOf(cause)}`, { cause });
  }
}

const unknownIssuer = new Set([
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
]);

/** True when a certificate was refused only because nobody known has signed it. */
export function isUnknownIssuer(errno: string | undefined): boolean {
  return errno !== undefined && unknownIssuer.has(errno);
}

/** True when the other side did not speak TLS at all. */
export function isNotTls(errno: string | undefined): boolean {
  return errno === "ERR_SSL_WRONG_VERSION_NUMBER" || errno === "ERR_SSL_PACKET_LENGTH_TOO_LONG" || errno === "EPROTO";
}
