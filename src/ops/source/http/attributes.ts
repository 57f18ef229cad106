import { CooperError, type Digest, parseDigest } from "../../../kit/index.ts";

/** What LLB says of a file that a source is. */
export interface FileAttributes {
  /** Empty: as whoever has it says. */
  readonly filename: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** What LLB says of a download (`http.*` attributes). */
export interface HttpSource extends FileAttributes {
  readonly url: string;
  readonly checksum: Digest | undefined;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Name of the secret with the `Authorization` header; empty: those named after the host are tried. */
  readonly authSecret: string;
  /** A detached OpenPGP signature of the file, and the keys of which one must have made it; armored. */
  readonly signature: { readonly text: string; readonly publicKeys: string } | undefined;
}

/** Headers that a definition may set. */
const settable = ["accept", "user-agent"];

/** Throws `ops/bad-attribute`, `kit/bad-digest`. */
export function httpAttributes(url: string, attrs: ReadonlyMap<string, string>): HttpSource {
  const checksum = attrs.get("http.checksum");
  return {
    ...fileAttributes(attrs),
    url: checkedUrl(url),
    checksum: checksum === undefined || checksum === "" ? undefined : parseDigest(checksum),
    headers: headersOf(attrs),
    authSecret: attrs.get("http.authheadersecret") ?? "",
    signature: signatureOf(attrs),
  };
}

/** Throws `ops/bad-attribute`. */
export function fileAttributes(attrs: ReadonlyMap<string, string>): FileAttributes {
  return {
    filename: attrs.get("http.filename") ?? "",
    mode: integer(attrs, "http.perm") || 0o600,
    uid: integer(attrs, "http.uid"),
    gid: integer(attrs, "http.gid"),
  };
}

function signatureOf(attrs: ReadonlyMap<string, string>): HttpSource["signature"] {
  const [text, publicKeys] = [attrs.get("http.sig.signature") ?? "", attrs.get("http.sig.pubkey") ?? ""];
  if (text === "" && publicKeys === "") return undefined;
  if (text !== "" && publicKeys !== "") return { text, publicKeys };
  throw new CooperError("ops/bad-attribute", "http signature verification requires both pubkey and signature");
}

function checkedUrl(url: string): string {
  if (URL.canParse(url)) return url;
  throw new CooperError("ops/bad-attribute", `cannot parse URL ${JSON.stringify(url)}`);
}

function headersOf(attrs: ReadonlyMap<string, string>): HttpSource["headers"] {
  return [...attrs]
    .filter(([key]) => key.startsWith("http.header."))
    .map(([key, value]) => [key.slice("http.header.".length).toLowerCase(), value] as const)
    .filter(([name]) => settable.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A number as Go's `ParseInt` with base 0 reads it: `0o644` and `0644` are octal. */
function integer(attrs: ReadonlyMap<string, string>, key: string): number {
  const text = attrs.get(key) ?? "0";
  const value = Number(/^0[0-7]+$/.test(text) ? `0o${text.slice(1)}` : text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new CooperError("ops/bad-attribute", `cannot read attribute ${key}: ${JSON.stringify(text)} is not a number`);
}
