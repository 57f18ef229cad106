import { CooperError, errnoOf, messageOf } from "../kit/index.ts";
import { redact } from "./redact.ts";
import { isNotTls, isUnknownIssuer } from "./tls.ts";

/** `details` of an error of this room: what was asked, what came back, and whether asking again may help. */
export interface FailureDetails {
  readonly kind: "registry";
  readonly method: string;
  readonly url: string;
  /** HTTP status, when there was an answer. */
  readonly status?: number;
  /** System error code, when there was none. */
  readonly errno?: string;
  readonly transient: boolean;
  /** The bytes that came do not have the digest that was asked for. */
  readonly wrongDigest?: boolean;
  /** Milliseconds that the server asked to wait. */
  readonly retryAfter?: number;
}

/** The details of an error of this room, or undefined. */
export function failureOf(error: unknown): FailureDetails | undefined {
  if (!(error instanceof CooperError)) return undefined;
  const details = error.details as Partial<FailureDetails> | undefined;
  return details?.kind === "registry" ? (details as FailureDetails) : undefined;
}

/** No answer came: `registry/unreachable`, in the words of Go's HTTP client (people and tools grep for them). */
export function connectionError(method: string, url: URL, cause: unknown): CooperError {
  const errno = errnoOf(cause);
  const verb = method[0] + method.slice(1).toLowerCase();
  const transient = errno === undefined || transientErrnos.has(errno);
  return new CooperError(
    "registry/unreachable",
    `failed to do request: ${verb} "${redact(url)}": ${reason(cause, errno, url)}`,
    {
      cause,
      hint: hintOf(errno),
      details: { kind: "registry", method, url: redact(url), transient, ...(errno === undefined ? {} : { errno }) },
    },
  );
}

const transientErrnos = new Set([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "ECONNABORTED",
  "HPE_INVALID_EOF_STATE",
]);

function reason(cause: unknown, errno: string | undefined, url: URL): string {
  // Node tries each address of a name and then throws them together; the last word is enough for people.
  const one = cause instanceof AggregateError ? cause.errors[0] : cause;
  const address = (one ?? {}) as { address?: string; port?: number };
  const host = address.address?.includes(":") ? `[${address.address}]` : (address.address ?? url.hostname);
  const dialled = `dial tcp ${host}:${address.port ?? (url.port || (url.protocol === "http:" ? 80 : 443))}`;
  switch (errno) {
    case "ECONNREFUSED":
      return `${dialled}: connect: connection refused`;
    case "EHOSTUNREACH":
      return `${dialled}: connect: no route to host`;
    case "ENETUNREACH":
      return `${dialled}: connect: network is unreachable`;
    case "ETIMEDOUT":
      // Without an address it was connected, and then silent.
      return address.address === undefined ? "i/o timeout" : `${dialled}: i/o timeout`;
    case "ENOTFOUND":
      return `dial tcp: lookup ${url.hostname}: no such host`;
    case "EAI_AGAIN":
      return `dial tcp: lookup ${url.hostname}: Temporary failure in name resolution`;
    case "ECONNRESET":
      return "connection reset by peer";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `tls: failed to verify certificate: x509: ${messageOf(cause)}`;
    case "CERT_HAS_EXPIRED":
      return "tls: failed to verify certificate: x509: certificate has expired or is not yet valid";
  }
  if (isUnknownIssuer(errno)) return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
  if (isNotTls(errno)) return "http: server gave HTTP response to HTTPS client";
  return messageOf(one);
}

const nameServers =
  "name servers are those of /etc/resolv.conf (in a pod: dnsPolicy and dnsConfig, and network policies must let port 53 pass)";

function hintOf(errno: string | undefined): string | undefined {
  if (isUnknownIssuer(errno))
    return 'give the registry\'s certificate authority as registry."HOST".ca in buildkitd.toml';
  if (isNotTls(errno)) return 'for a registry without TLS set registry."HOST".http = true in buildkitd.toml';
  if (errno === "ENOTFOUND") return `check the name; ${nameServers}`;
  if (errno === "EAI_AGAIN") return `no name server answers; ${nameServers}`;
  return undefined;
}
