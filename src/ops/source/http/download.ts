import { join } from "node:path";
import { CooperError, type Digest, isDigest, sha256Fields } from "../../../kit/index.ts";
import type { Storage } from "../../../storage/index.ts";
import type { OpScope } from "../../contract.ts";
import type { SourceAnswers } from "../answers.ts";
import { writeFile } from "../write-file.ts";
import type { HttpSource } from "./attributes.ts";
import { fileName } from "./file-name.ts";
import { type HttpAnswer, httpRequest } from "./request.ts";

/** A downloaded file: a snapshot that holds just it. */
export interface Download {
  readonly name: string;
  readonly digest: Digest;
  /** The server's `Last-Modified`, or empty. */
  readonly lastModified: string;
  readonly snapshot: string;
  readonly etag: string;
}

const space = "http-downloads";
/** Addresses of this host are read through the callers' sessions. */
const sessionHost = "buildkit-session";

/**
 * The file: what this build got before, the one that is here when the server says that it still is the one, else downloaded.
 * Throws `ops/http-…`, `ops/checksum`.
 */
export async function findDownload(
  source: HttpSource,
  storage: Storage,
  answers: SourceAnswers,
  scope: OpScope,
): Promise<Download> {
  const key = sha256Fields(
    source.url,
    source.filename,
    source.authSecret,
    ...[source.mode, source.uid, source.gid].map(String),
    ...source.headers.flat(),
  );
  const question = `${key} ${algorithmOf(source)}`;
  return checked(source, await answers.downloads.once(question, scope, () => ask(source, key, storage, scope)));
}

async function ask(source: HttpSource, key: string, storage: Storage, scope: OpScope): Promise<Download> {
  const headers = { ...Object.fromEntries(source.headers), ...(await authorization(source, scope)) };
  const known = readRecord(storage, key);
  if (known !== undefined && source.checksum !== undefined && known.digest === source.checksum) return known;
  if (known !== undefined && known.etag !== "" && (await isSame(source.url, headers, known.etag, scope))) {
    return known;
  }
  const answer =
    uploadedBy(scope, source.url) ?? (await httpRequest({ method: "GET", url: source.url, headers }, scope));
  if (answer.status < 200 || answer.status >= 400) {
    answer.drop();
    throw new CooperError("ops/http-status", `invalid response status ${answer.status}`);
  }
  const download = await save(source, answer, storage);
  storage.records.set(space, key, JSON.stringify(download));
  return download;
}

/** What a caller offers under an address of its session's own. Throws `ops/no-session` when none does. */
function uploadedBy(scope: OpScope, url: string): HttpAnswer | undefined {
  const address = new URL(url);
  if (address.host !== sessionHost) return undefined;
  for (const caller of scope.callers) {
    const body = caller.upload?.(address, scope);
    if (body !== undefined) return { status: 200, headers: {}, body, drop: () => {} };
  }
  throw new CooperError("ops/no-session", `cannot read ${url}: no session offers an upload`);
}

function readRecord(storage: Storage, key: string): Download | undefined {
  const text = storage.records.get(space, key);
  if (text === undefined) return undefined;
  const record = JSON.parse(text) as Download;
  const here = isDigest(record.digest) && storage.snapshots.get(record.snapshot as never) !== undefined;
  return here ? record : undefined;
}

/** Asks with HEAD and compares ETags here: some servers do not treat If-None-Match well. A failure means: not known. */
async function isSame(url: string, headers: Record<string, string>, etag: string, scope: OpScope): Promise<boolean> {
  try {
    const answer = await httpRequest({ method: "HEAD", url, headers: { ...headers, "if-none-match": etag } }, scope);
    answer.drop();
    const theirs = etagOf(answer) || (answer.status === 304 ? etag : "");
    return (answer.status === 200 || answer.status === 304) && theirs === etag;
  } catch (error) {
    if (scope.signal.aborted) throw error;
    return false;
  }
}

/** Weak ones count as well: the bytes are hashed anyway. */
function etagOf(answer: HttpAnswer): string {
  return (answer.headers.etag ?? "").replace(/^W\//, "");
}

async function save(source: HttpSource, answer: HttpAnswer, storage: Storage): Promise<Download> {
  const name = fileName(source.url, source.filename, answer.headers["content-disposition"]);
  const lastModified = answer.headers["last-modified"] ?? "";
  await using snapshot = await storage.snapshots.prepare(undefined);
  const { folder, files } = snapshot.changes;
  const seconds = Math.floor(Date.parse(lastModified) / 1000) || 0;
  const digest = await writeFile(join(folder, name), files, answer.body, { ...source, seconds }, algorithmOf(source));
  const file = checked(source, { name, digest, lastModified, etag: etagOf(answer) });
  const { id } = await snapshot.commit({ description: `http url ${source.url}` });
  return { ...file, snapshot: id };
}

function algorithmOf({ checksum }: HttpSource): "sha256" | "sha384" | "sha512" {
  if (checksum?.startsWith("sha512")) return "sha512";
  return checksum?.startsWith("sha384") ? "sha384" : "sha256";
}

function checked<T extends { readonly digest: Digest }>(source: HttpSource, file: T): T {
  if (source.checksum === undefined || source.checksum === file.digest) return file;
  throw new CooperError("ops/checksum", `digest mismatch ${file.digest}: ${source.checksum}`);
}

/** The `Authorization` header from the callers' secrets. Throws `ops/no-secret` for one that was named and is not there. */
async function authorization(source: HttpSource, scope: OpScope): Promise<Record<string, string>> {
  const host = new URL(source.url).hostname;
  const wanted =
    source.authSecret !== ""
      ? [{ id: source.authSecret, scheme: "" }]
      : [
          { id: `HTTP_AUTH_TOKEN_${host}`, scheme: "Bearer " },
          { id: `HTTP_AUTH_HEADER_${host}`, scheme: "" },
        ];
  for (const { id, scheme } of wanted) {
    for (const caller of scope.callers) {
      const secret = await caller.secret(id, scope);
      if (secret !== undefined) return { authorization: scheme + Buffer.from(secret).toString() };
    }
  }
  if (source.authSecret === "") return {};
  throw new CooperError("ops/no-secret", `failed to retrieve HTTP auth secret ${source.authSecret}: not found`);
}
