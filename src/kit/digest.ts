import { createHash, type Hash } from "node:crypto";
import { CooperError } from "./error.ts";
import { encodeRaw, rawBytes } from "./raw-text.ts";

/** `algorithm:hex`, as in the OCI image spec ("Digests"). Only values that `parseDigest` accepted have this type. */
export type Digest = `sha256:${string}` | `sha384:${string}` | `sha512:${string}`;

const hexLength = { sha256: 64, sha384: 96, sha512: 128 } as const;
export type DigestAlgorithm = keyof typeof hexLength;

/** Checks `text` against the OCI grammar. Throws `kit/bad-digest`. */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) throw new CooperError("kit/bad-digest", `cannot parse digest ${JSON.stringify(text)}`);
  return text;
}

/** True when `text` is a digest of a supported algorithm, in lower case hex. */
export function isDigest(text: string): text is Digest {
  const [algorithm, hex, more] = text.split(":");
  if (algorithm === undefined || hex === undefined || more !== undefined) return false;
  if (!Object.hasOwn(hexLength, algorithm)) return false;
  return hex.length === hexLength[algorithm as DigestAlgorithm] && /^[0-9a-f]+$/.test(hex);
}

/** The two halves of a digest. */
export function splitDigest(digest: Digest): { algorithm: DigestAlgorithm; hex: string } {
  const at = digest.indexOf(":");
  return { algorithm: digest.slice(0, at) as DigestAlgorithm, hex: digest.slice(at + 1) };
}

/** sha256 of the given pieces, as if concatenated. Strings are UTF-8, or raw text (`raw-text.ts`): so in all of these. */
export function sha256(...pieces: readonly (string | Uint8Array)[]): Digest {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(typeof piece === "string" ? rawBytes(piece) : piece);
  return `sha256:${hash.digest("hex")}`;
}

/**
 * sha256 over a list of fields, such that no two different lists give the same input bytes
 * (each field is preceded by its length). For cache keys.
 */
export function sha256Fields(...fields: readonly (string | Uint8Array)[]): Digest {
  const hash = createHash("sha256");
  for (const field of fields) {
    const bytes = typeof field === "string" ? encodeRaw(field) : field;
    hash.update(`${bytes.byteLength}:`).update(bytes);
  }
  return `sha256:${hash.digest("hex")}`;
}

/** A running hash that ends in a digest. `finish` may be called once. */
export class Hasher {
  readonly #algorithm: DigestAlgorithm;
  readonly #hash: Hash;
  constructor(algorithm: DigestAlgorithm = "sha256") {
    this.#algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }
  update(bytes: Uint8Array | string): this {
    this.#hash.update(typeof bytes === "string" ? rawBytes(bytes) : bytes);
    return this;
  }
  finish(): Digest {
    return `${this.#algorithm}:${this.#hash.digest("hex")}`;
  }
}
