import type { ChecksumRequest, FrontendBridge, ImageAttestations, ImageResolveMode } from "../frontend/index.ts";
import { Code, type gateway, rpcError } from "../grpc/index.ts";
import type { Scope } from "../kit/index.ts";
import { platformFromWire } from "../llb/index.ts";
import { formatReference, parseReference } from "../oci/index.ts";
import type { Init } from "../wire/index.ts";

/** What a source is at this moment: an image's digest and config, a git ref's commit, an http file's checksum. */
export async function resolveSourceMeta(
  bridge: FrontendBridge,
  request: gateway.ResolveSourceMetaRequest,
  scope: Scope,
): Promise<Init<gateway.ResolveSourceMetaResponse>> {
  const { source, platform, resolveMode, logName, sourcePolicies: policies } = request;
  const identifier = source?.identifier ?? "";
  const attrs = source?.attrs ?? new Map<string, string>();
  const [, scheme = "", image = ""] = /^(docker-image|oci-layout):\/\/(.*)$/.exec(identifier) ?? [];
  if (scheme !== "") {
    const options = {
      mode: modeOf(resolveMode),
      logName: logName || `resolve image config for ${identifier}`,
      policies,
      ...(platform && { platform: platformFromWire(platform) }),
      ...attestationWish(request.image),
      ...(scheme === "oci-layout" && {
        ociLayout: { sessionId: attrs.get("oci.session") || bridge.sessionId, storeId: attrs.get("oci.store") ?? "" },
      }),
    };
    const found = await bridge.resolveImageConfig(image, options, scope);
    const resolved = { identifier: `${scheme}://${asAsked(image, found.ref)}`, attrs };
    const attestationChain = found.attestations && chainMessage(found.attestations);
    return { source: resolved, image: { digest: found.digest, config: found.config, attestationChain } };
  }
  // Of a caller's folder, and of a blob, nothing is known beside what was asked.
  if (/^(local|(docker-image|oci-layout)\+blob):\/\//.test(identifier)) return { source: { identifier, attrs } };
  if (bridge.resolveSourceMeta === undefined || !/^(git|https?):\/\//.test(identifier)) {
    throw rpcError(Code.UNIMPLEMENTED, `cannot resolve metadata of ${identifier}`);
  }
  const httpChecksum = checksumRequest(request.http?.checksumRequest);
  const options = {
    logName,
    gitObject: request.git?.returnObject ?? false,
    policies,
    ...(httpChecksum && { httpChecksum }),
  };
  const found = await bridge.resolveSourceMeta(identifier, Object.fromEntries(attrs), options, scope);
  return {
    source: { identifier: found.identifier, attrs },
    git: found.git,
    http: found.http && { ...found.http, lastModified: wholeSeconds(found.http.lastModified) },
  };
}

function attestationWish(request: gateway.ResolveSourceImageRequest | undefined) {
  if (request === undefined) return {};
  const { attestationChain, resolveAttestations, noConfig } = request;
  if (!attestationChain && resolveAttestations.length === 0) return {};
  return { attestations: { types: resolveAttestations, config: !noConfig } };
}

function chainMessage(chain: ImageAttestations): Init<gateway.AttestationChain> {
  const { root, imageManifest, attestationManifest = "", signatureManifests } = chain;
  const blobs = chain.blobs.map(({ descriptor: { mediaType, digest, size, annotations = {} }, data }) => {
    const descriptor = { mediaType, digest, size: BigInt(size), annotations: new Map(Object.entries(annotations)) };
    return [digest, { descriptor, data }] as const;
  });
  return { root, imageManifest, attestationManifest, signatureManifests, blobs: new Map(blobs) };
}

/** Whoever asks without a digest is answered without: it is told beside. Upstream's clients make ops of what they get. */
export function asAsked(asked: string, found: string): string {
  if (parseReference(asked).digest !== undefined) return found;
  const { digest: _, ...tagged } = parseReference(found);
  return formatReference(tagged);
}

/** Upstream's limit: the suffix of a signature of OpenPGP is some bytes. */
const longestSuffix = 4 * 1024;
const algorithms = ["sha256", "sha384", "sha512"] as const;

function checksumRequest(request: gateway.ChecksumRequest | undefined): ChecksumRequest | undefined {
  if (request === undefined) return undefined;
  const { algo, suffix } = request;
  if (suffix.length > longestSuffix) {
    const sentence = `http checksum request suffix exceeds max size ${longestSuffix}`;
    throw rpcError(Code.INVALID_ARGUMENT, sentence);
  }
  const algorithm = algorithms[algo];
  if (algorithm === undefined) throw rpcError(Code.INVALID_ARGUMENT, `unsupported checksum algorithm ${algo}`);
  return { algorithm, suffix };
}

/** Empty, and what nobody knows, is the default. */
export function modeOf(mode: string): ImageResolveMode {
  return mode === "local" || mode === "pull" ? mode : "default";
}

function wholeSeconds(date: Date | undefined) {
  return date && { seconds: BigInt(Math.floor(date.getTime() / 1000)), nanos: 0 };
}
