import { CooperError } from "../kit/index.ts";
import type { FailureDetails } from "./failure.ts";
import type { HttpResponse } from "./http.ts";
import { redact } from "./redact.ts";

const bodyLimit = 64_000;

/**
 * An answer that is no success, as an error in upstream's words: what the registry's own error document says (`denied`,
 * `manifest unknown: …`), or `unexpected status from HEAD request to URL: 401 Unauthorized`. Uses up the response.
 * 401 is `registry/unauthorized`, 403 `registry/denied`, 404 `registry/not-found`, other 4xx `registry/bad-answer`,
 * 5xx and 429 `registry/failed`.
 */
export async function statusError(response: HttpResponse): Promise<CooperError> {
  const { method, url, status } = response;
  const body = await response.peek(bodyLimit);
  const plain = `unexpected status from ${method} request to ${redact(url)}: ${status} ${response.statusText}`;
  const told = describeErrors(body);
  const retryAfter = retryAfterOf(response);
  const details: FailureDetails = {
    kind: "registry",
    method,
    url: redact(url),
    status,
    transient: status >= 500 || status === 429 || status === 408,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
  return new CooperError(codeOf(status), told ?? plain, {
    details,
    hint: hintOf(status, told === undefined ? undefined : plain),
  });
}

function codeOf(status: number): string {
  if (status === 401) return "registry/unauthorized";
  if (status === 403) return "registry/denied";
  if (status === 404) return "registry/not-found";
  return status >= 500 || status === 429 || status === 408 ? "registry/failed" : "registry/bad-answer";
}

function hintOf(status: number, plain: string | undefined): string | undefined {
  return status === 401 ? "log in to the registry first, or check the credentials in the docker config" : plain;
}

function retryAfterOf(response: HttpResponse): number | undefined {
  const seconds = Number(response.header("retry-after"));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}

const knownCodes = new Set([
  "UNKNOWN",
  "UNSUPPORTED",
  "UNAUTHORIZED",
  "DENIED",
  "UNAVAILABLE",
  "TOOMANYREQUESTS",
  ...["BLOB_UNKNOWN", "BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN", "DIGEST_INVALID", "SIZE_INVALID", "RANGE_INVALID"],
  ...["MANIFEST_BLOB_UNKNOWN", "MANIFEST_INVALID", "MANIFEST_UNKNOWN", "MANIFEST_UNVERIFIED"],
  ...["NAME_INVALID", "NAME_UNKNOWN", "TAG_INVALID", "PAGINATION_NUMBER_INVALID"],
]);

/** The registry's error document (distribution spec, "Error Codes") in one line, or undefined when it is none. */
export function describeErrors(body: Buffer): string | undefined {
  let errors: unknown;
  try {
    errors = (JSON.parse(body.toString("utf8")) as { errors?: unknown } | null)?.errors;
  } catch {
    return undefined;
  }
  if (!Array.isArray(errors) || errors.length === 0) return undefined;
  const lines = errors.slice(0, 8).map((entry: { code?: unknown; message?: unknown } | null) => {
    const code = String(entry?.code ?? "UNKNOWN");
    const known = (knownCodes.has(code) ? code : "UNKNOWN").toLowerCase().replaceAll("_", " ");
    const message = typeof entry?.message === "string" ? printable(entry.message) : "";
    return message === "" ? known : `${known}: ${message}`;
  });
  return lines.length === 1 ? lines[0] : `errors:\n${lines.join("\n")}`;
}

/** A stranger's sentence, made safe for a terminal: no control characters, bounded. */
function printable(text: string): string {
  return text
    .slice(0, 1000)
    .replace(/\p{Cc}+/gu, " ")
    .trim();
}
