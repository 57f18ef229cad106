import { CooperError, type Digest, parseDigest } from "../kit/index.ts";

/**
 * The name of an image in a registry, normalised: `busybox` has the domain `docker.io` and the path `library/busybox`.
 * Grammar: distribution/reference.
 */
export interface Reference {
  readonly domain: string;
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const dockerHub = "docker.io";
const legacyDockerHub = "index.docker.io";
const official = "library/";
const longestPath = 255;
/** A name longer than this is refused before any pattern sees it: path, domain, tag and digest all fit. */
const longestReference = 1024;

const domainLabel = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const host = `(?:${domainLabel}(?:\\.${domainLabel})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const pathPart = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const tagPattern = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const digestPattern = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const path = `${pathPart}(?:/${pathPart})*`;
const whole = new RegExp(`^(${host})/(${path})(?::(${tagPattern}))?(?:@(${digestPattern}))?$`);

/**
 * Parses a name as Docker does: no domain means docker.io, no namespace there means `library`. No tag is added, see `withDefaultTag`.
 * Throws `oci/bad-reference` with upstream's sentences (`invalid reference format`, …).
 */
export function parseReference(text: string): Reference {
  if (/^[a-f0-9]{64}$/.test(text)) {
    throw badReference(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  if (text.length > longestReference) throw badReference("invalid reference format");
  const { domain, rest } = splitDomain(text);
  const name = rest.split(":", 1)[0] as string;
  if (name.toLowerCase() !== name) {
    throw badReference(`invalid reference format: repository name (${name}) must be lowercase`);
  }
  const match = whole.exec(`${domain}/${rest}`);
  if (match === null) {
    const lower = whole.test(`${domain}/${rest}`.toLowerCase());
    throw badReference(lower ? "repository name must be lowercase" : "invalid reference format");
  }
  return checkedReference(match);
}

function checkedReference(match: RegExpExecArray): Reference {
  const [, domain = "", repository = "", tag, digest] = match;
  if (repository.length > longestPath) {
    throw badReference(`repository name must not be more than ${longestPath} characters`);
  }
  return {
    domain,
    path: repository,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest: referenceDigest(digest) }),
  };
}

function referenceDigest(text: string): Digest {
  try {
    return parseDigest(text);
  } catch (cause) {
    const algorithm = text.split(":", 1)[0] as string;
    const known = ["sha256", "sha384", "sha512"].includes(algorithm);
    throw badReference(known ? "invalid checksum digest length" : "unsupported digest algorithm", cause);
  }
}

/** The first component is a domain when it looks like one: `localhost`, a dot, a colon or an upper case letter. */
function splitDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf("/");
  if (slash < 0) return { domain: dockerHub, rest: official + text };
  const first = text.slice(0, slash);
  const isDomain = first === "localhost" || /[.:]/.test(first) || first.toLowerCase() !== first;
  const domain = !isDomain || first === legacyDockerHub ? dockerHub : first;
  const rest = isDomain ? text.slice(slash + 1) : text;
  return { domain, rest: domain === dockerHub && !rest.includes("/") ? official + rest : rest };
}

/** Adds `latest` when the reference has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: "latest" } : reference;
}

/** `withDefaultTag(parseReference(text))`, as one canonical string: what ops and image resolution name things by. */
export function canonicalReference(text: string): string {
  return formatReference(withDefaultTag(parseReference(text)));
}

/** The reference with a digest (and its tag, if it has one). */
export function withDigest(reference: Reference, digest: Digest): Reference {
  return { ...reference, digest };
}

/** The whole canonical form: `docker.io/library/busybox:latest@sha256:…`. */
export function formatReference(reference: Reference): string {
  return repositoryName(reference) + suffixOf(reference);
}

/** Domain and path: `docker.io/library/busybox`. */
export function repositoryName(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** The form that people write: `busybox:latest`. */
export function familiarReference(reference: Reference): string {
  return familiarName(reference) + suffixOf(reference);
}

/** The repository as people write it: `busybox`, `moby/buildkit`, `ghcr.io/a/b`. */
export function familiarName(reference: Reference): string {
  if (reference.domain !== dockerHub) return repositoryName(reference);
  const short = reference.path.slice(official.length);
  return reference.path.startsWith(official) && !short.includes("/") ? short : reference.path;
}

function suffixOf(reference: Reference): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  return reference.digest === undefined ? tag : `${tag}@${reference.digest}`;
}

function badReference(message: string, cause?: unknown): CooperError {
  return new CooperError("oci/bad-reference", message, { cause });
}
