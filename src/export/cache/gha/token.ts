import { CooperError, sha256, splitDigest } from "../../../kit/index.ts";

/** What a workflow's token says of itself: whose caches it may read and write. Nothing of it is verified, the service does that. */
export interface ActionsToken {
  readonly raw: string;
  readonly scopes: readonly ActionsScope[];
}
export interface ActionsScope {
  /** `refs/heads/main`. */
  readonly scope: string;
  readonly writable: boolean;
}

/** Reads a token (RFC 7519) that is valid at `now`. Throws `export/bad-attribute`, in upstream's words. */
export function readToken(raw: string, now: Date): ActionsToken {
  const { ac, exp, nbf } = claimsOf(raw);
  if (ac === undefined) throw bad("invalid token without access controls");
  if (typeof ac !== "string") throw bad(`invalid token with access controls type ${typeof ac}`);
  const [expires, begins] = [timeOf(exp), timeOf(nbf)];
  if (now > expires) throw bad(`cache token expired at ${goTime(expires)}`);
  if (now < begins) throw bad(`invalid token with future issue time time ${goTime(begins)}`);
  return { raw, scopes: scopesOf(ac) };
}

/** The one that caches are written to: the last that may be written. None: the service will refuse. */
export function writableScope({ scopes }: ActionsToken): string {
  return scopes.findLast(({ writable }) => writable)?.scope ?? "";
}

/** A scope in the name of an index. */
export function scopeMark(scope: string): string {
  return splitDigest(sha256(scope)).hex.slice(0, 8);
}

function claimsOf(raw: string): Record<string, unknown> {
  const parts = raw.split(".");
  if (parts.length !== 3) throw bad("token is malformed: token contains an invalid number of segments");
  const json = parseJson(Buffer.from(parts[1] ?? "", "base64url").toString());
  if (typeof json === "object" && json !== null) return { ...json };
  throw bad("token is malformed: could not JSON decode claim");
}

function timeOf(seconds: unknown): Date {
  if (seconds === undefined) throw bad("invalid token without expiration time");
  if (typeof seconds === "number" && Number.isFinite(seconds)) return new Date(seconds * 1000);
  throw bad(`invalid token with expiration time type ${typeof seconds}`);
}

function scopesOf(text: string): ActionsScope[] {
  const list = parseJson(text);
  if (!Array.isArray(list)) throw bad("failed to parse token access controls");
  return (list as ({ Scope?: unknown; Permission?: unknown } | null)[]).map((one) => ({
    scope: String(one?.Scope ?? ""),
    writable: (Number(one?.Permission ?? 0) & 2) !== 0,
  }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As Go prints a time: `2026-11-23 01:00:00 +0000 UTC`. */
function goTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace("T", " ")} +0000 UTC`;
}

function bad(sentence: string): CooperError {
  return new CooperError("export/bad-attribute", sentence, {
    hint: "The token is $ACTIONS_RUNTIME_TOKEN of the running job.",
  });
}
