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

/**
 * The image that captures were made with. One that is not in the list has the digest sha256(normalised reference) and a
 * config for linux/amd64 with the default PATH; `recorded`, a base config of the case, tells its layers.
 */
export function stubImage(
  ref: string,
  platform: Platform | undefined,
  recorded: Record<string, unknown> | undefined,
): StubImage {
  const reference = parseReference(ref);
  const found = known[repositoryName(reference)];
  const digest = reference.digest ?? (found ? parseDigest(found.digest) : sha256(canonicalReference(ref)));
  const config = found ? withPlatform(found.config, platform) : unknownConfig(recorded);
  return { digest, config: Buffer.from(JSON.stringify(config)) };
}

function withPlatform(config: Record<string, unknown>, platform: Platform | undefined): Record<string, unknown> {
  if (config.os !== undefined || platform === undefined) return config;
  const { os, architecture, variant, osVersion } = platform;
  return { ...config, os, architecture, ...(variant && { variant }), ...(osVersion && { "os.version": osVersion }) };
}

function unknownConfig(recorded: Record<string, unknown> | undefined): Record<string, unknown> {
  const Env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];
  const { rootfs = someLayers, history, created } = recorded ?? {};
  return { created, architecture: "amd64", os: "linux", config: { Env }, rootfs, history };
}
