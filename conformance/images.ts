import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Digest, parseDigest, sha256 } from "../src/kit/index.ts";
import { canonicalReference, type Platform, parseReference, repositoryName } from "../src/oci/index.ts";

interface KnownImage {
  readonly digest: string;
  readonly config: Record<string, unknown>;
}

/** What the stub serves for an image. */
export interface StubImage {
  readonly digest: Digest;
  readonly config: Uint8Array;
}

const known: Readonly<Record<string, KnownImage>> = JSON.parse(
  readFileSync(join(import.meta.dirname, "dockerfile-images.json"), "utf8"),
);

/** The layers that an image nobody knows is said to have. */
const someLayers = { type: "layers", diff_ids: [`sha256:${"0".repeat(60)}1000`] };

/** What a case itself tells of the images it was captured with. */
export interface RecordedImages {
  /** Identifiers of the image sources in its ops. */
  readonly identifiers: readonly string[] | undefined;
  /** The config of the target's base image. */
  readonly baseConfig: Record<string, unknown> | undefined;
}

/**
 * The image that captures were made with. One that is not in the list has the digest sha256(normalised reference), unless
 * the case recorded another, and a config for linux/amd64 with the default PATH.
 */
export function stubImage(ref: string, platform: Platform | undefined, recorded: RecordedImages): StubImage {
  const reference = parseReference(ref);
  const found = known[repositoryName(reference)];
  const digest = reference.digest ?? (found ? parseDigest(found.digest) : unknownDigest(ref, recorded));
  const config = found ? withPlatform(found.config, platform) : unknownConfig(ref, recorded);
  return { digest, config: Buffer.from(JSON.stringify(config)) };
}

function unknownDigest(ref: string, { identifiers = [] }: RecordedImages): Digest {
  const prefix = `docker-image://${canonicalReference(ref)}@`;
  const identifier = identifiers.find((candidate) => candidate.startsWith(prefix));
  return identifier === undefined ? sha256(canonicalReference(ref)) : parseDigest(identifier.slice(prefix.length));
}

function withPlatform(config: Record<string, unknown>, platform: Platform | undefined): Record<string, unknown> {
  if (config.os !== undefined || platform === undefined) return config;
  const { os, architecture, variant, osVersion } = platform;
  return { ...config, os, architecture, ...(variant && { variant }), ...(osVersion && { "os.version": osVersion }) };
}

/** An image that was looked up and yet is in no op has no layers: a frontend takes scratch for it. */
function unknownConfig(ref: string, { identifiers, baseConfig }: RecordedImages): Record<string, unknown> {
  const Env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];
  const used =
    identifiers?.some((identifier) => identifier.startsWith(`docker-image://${canonicalReference(ref)}`)) ?? true;
  const { rootfs = used ? someLayers : undefined, history, created } = baseConfig ?? {};
  return { created, architecture: "amd64", os: "linux", config: { Env }, rootfs, history };
}
