import { createHash } from "node:crypto";
import { CooperError } from "../../../kit/index.ts";

/** A commit or an annotated tag, taken apart as far as its signature needs it (git's gitformat-signature). */
export interface SignedObject {
  readonly kind: "commit" | "tag";
  /** Armored; empty when it is not signed. */
  readonly signature: string;
  /** What the signature is of. */
  readonly signed: Buffer;
}

const required = { commit: ["tree", "author", "committer"], tag: ["object", "type", "tag", "tagger"] } as const;
/** By the length of an object's id: a commit may be signed for both. */
const header = (id: string) => (id.length === 64 ? "gpgsig-sha256" : "gpgsig");
const blocks = ["-----BEGIN PGP SIGNATURE-----", "-----BEGIN SSH SIGNATURE-----"];

/**
 * The object that must have this id: a commit's signature is a header of it, a tag's follows its message. Throws `ops/bad-signature` for
 * another object or one without what git always writes. Bytes are kept as they are, whatever their encoding.
 */
export function parseSignedObject(raw: Uint8Array, id: string): SignedObject {
  // One character per byte.
  const text = Buffer.from(raw).toString("latin1");
  const kind = text.startsWith("object ") ? "tag" : "commit";
  checkId(raw, kind, id);
  const end = text.indexOf("\n\n");
  const head = (end < 0 ? text : text.slice(0, end)).split("\n");
  const missing = required[kind].find((name) => !head.some((line) => line.startsWith(`${name} `)));
  if (missing !== undefined) throw bad(`invalid ${kind} object: missing ${missing} header`);
  const { signature, signed } =
    kind === "tag" ? ofTag(text, end) : ofCommit(head, header(id), end < 0 ? "" : text.slice(end));
  return { kind, signature, signed: Buffer.from(signed, "latin1") };
}

/** Without any signature it is what was signed. */
function ofCommit(head: readonly string[], wanted: string, rest: string): { signature: string; signed: string } {
  const lines: string[] = [];
  const kept: string[] = [];
  let name: string | undefined;
  for (const line of head) {
    if (!line.startsWith(" ")) name = /^(gpgsig|gpgsig-sha256) /.exec(line)?.[1];
    if (name === undefined) kept.push(line);
    else if (name === wanted) lines.push(line.slice(line.startsWith(" ") ? 1 : name.length + 1));
  }
  return { signature: lines.join("\n"), signed: kept.join("\n") + rest };
}

function ofTag(text: string, end: number): { signature: string; signed: string } {
  const starts = blocks.map((block) => text.indexOf(`\n${block}\n`, Math.max(end, 0))).filter((at) => at >= 0);
  if (starts.length === 0) return { signature: "", signed: text };
  const start = Math.min(...starts) + 1;
  return { signature: text.slice(start), signed: text.slice(0, start) };
}

function checkId(raw: Uint8Array, kind: string, id: string): void {
  const hash = createHash(id.length === 64 ? "sha256" : "sha1");
  const got = hash.update(`${kind} ${raw.byteLength}\0`).update(raw).digest("hex");
  if (got === id) return;
  const what = `${kind} object checksum verification failed`;
  throw bad(`${what}: checksum mismatch: expected ${id}, got ${got}`);
}

function bad(sentence: string): CooperError {
  return new CooperError("ops/bad-signature", sentence);
}
