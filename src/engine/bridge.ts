import type { FrontendBridge, FrontendRef, FrontendWarning } from "../frontend/index.ts";
import { type Digest, prefixed } from "../kit/index.ts";
import {
  canonicalReference,
  formatReference,
  hostPlatform,
  type Platform,
  parseReference,
  withDigest,
} from "../oci/index.ts";
import { layoutOrigin, layoutStoreOf } from "../ops/index.ts";
import { BridgeRefs } from "./bridge-refs.ts";
import type { BuildJob } from "./build-job.ts";
import { importCaches } from "./cache/import-caches.ts";
import type { GatewayBridge, VertexWarning } from "./contract.ts";
import { explainFailure } from "./failed-solve.ts";
import { type BridgeFor, forwardRequest } from "./forward.ts";
import { openContainer } from "./gateway-container.ts";
import type { EngineEdge } from "./graph.ts";
import { RequestLog } from "./provenance/request-log.ts";
import { frontendRequest } from "./provenance/request-store.ts";
import { allowedSource, resolveSourceMeta } from "./source-meta.ts";
import type { SourceCheck } from "./source-policy/source-check.ts";
import { readTreeFile, statTreeFile } from "./tree-files.ts";
import { readTreeFolder, treeFileInfo } from "./tree-info.ts";

/** What a frontend may ask back, and how the engine finds again what its refs stand for. */
export interface JobBridge extends GatewayBridge {
  edgeOf(ref: FrontendRef | undefined): EngineEdge | undefined;
}

export interface BridgeOptions {
  /** What the client passed to the frontend by value. */
  readonly inputs?: GatewayBridge["inputs"];
  /** Tells what sources are whatever the policies say. */
  readonly unchecked?: boolean;
  /** Where its questions are remembered. */
  readonly log?: RequestLog;
  /** Those of the bridge of whoever asked this frontend. */
  readonly refs?: BridgeRefs;
}

/**
 * The bridge between one build's frontend and its job. Failures of vertices leave with their place in the source, and with what a
 * client needs to look at them.
 */
export function openBridge(job: BuildJob, options: BridgeOptions = {}): JobBridge {
  const { inputs = new Map(), unchecked = false, log = new RequestLog(), refs = new BridgeRefs(job) } = options;
  const checkOf = (policies: readonly Uint8Array[] | undefined) => (unchecked ? undefined : job.sourceCheck(policies));
  const explained = <T>(work: Promise<T>): Promise<T> =>
    job.track(
      work.catch((error: unknown) => {
        throw explainFailure(job, error, (ref) => refs.register(ref));
      }),
    );
  const inner: BridgeFor = (frontend, request) => {
    const asked = frontendRequest(frontend, request, job.parts.requests);
    return openBridge(job, { inputs, unchecked, refs, log: log.child(asked) });
  };
  return {
    inputs,
    edgeOf: (ref) => refs.edgeOf(ref),
    definitionOf: (ref) => refs.definitionOf(ref.id),
    evaluate: (ref) => explained(refs.result(ref.id).then(() => {})),
    fileInfo: (ref, path) => explained(refs.show(ref, async (root, files) => treeFileInfo(root, path, files))),
    readDir: (ref, path, pattern) =>
      explained(refs.show(ref, async (root, files) => readTreeFolder(root, path, pattern, files))),
    sessionId: job.session.id,
    workerPlatforms: [hostPlatform()],
    solve: ({ definition }, { evaluate, policies }) => explained(refs.solve(definition, evaluate, log, policies)),
    forward: (name, request, scope) => forwardRequest(job, name, request, inner, scope),
    resolveImageConfig: (ref, asked) => job.track(resolveImageConfig(job, checkOf(asked.policies), ref, asked, log)),
    resolveSourceMeta: (identifier, attrs, asked) =>
      job.track(resolveSourceMeta(job, checkOf(asked.policies), identifier, attrs, asked)),
    readFile: (ref, path, _scope, limit) => explained(refs.show(ref, (root) => readTreeFile(root, path, limit))),
    statFile: (ref, path) => explained(refs.show(ref, (root) => statTreeFile(root, path))),
    warn: (vertex, warning) => job.status.warn(vertexWarning(vertex, warning)),
    importCaches: (caches) => job.track(importCaches(caches, job, job.parts.registry)),
    openContainer: (request) =>
      explained(
        openContainer(job, request, job.parts, (id) => refs.tree(id)).then((container) => {
          job.hold(container);
          return container;
        }),
      ),
  };
}

/** The image that may be used for this one. Throws `engine/source-denied`. */
async function allowedImage(
  check: SourceCheck | undefined,
  asked: string,
  platform: Platform | undefined,
): Promise<string> {
  if (check === undefined) return asked;
  const scheme = "docker-image://";
  try {
    const source = { identifier: scheme + canonicalReference(asked), attrs: new Map() };
    const { identifier } = await allowedSource(check, source, platform);
    return identifier.startsWith(scheme) ? identifier.slice(scheme.length) : asked;
  } catch (error) {
    throw prefixed(`failed to resolve source metadata for ${asked}`, error, "engine/failed");
  }
}

/** `[internal] load metadata for …`: a line of progress of its own, as upstream's. */
async function resolveImageConfig(
  job: BuildJob,
  check: SourceCheck | undefined,
  asked: string,
  options: Parameters<FrontendBridge["resolveImageConfig"]>[1],
  log: RequestLog,
): ReturnType<FrontendBridge["resolveImageConfig"]> {
  const layout = options.ociLayout;
  const ref = layout === undefined ? await allowedImage(check, asked, options.platform) : asked;
  const origin = layout && layoutOrigin(layout.storeId || layoutStoreOf(ref));
  const scheme = layout === undefined ? "docker-image" : "oci-layout";
  const name = options.logName || `resolve image config for ${scheme}://${ref}`;
  const platform = options.platform ?? hostPlatform();
  const wish = layout === undefined ? options.attestations : undefined;
  const work = job.status.task(name, async (emit) => {
    const scope = job.scope(emit);
    const attestations = wish && (await job.images.attestations(ref, platform, wish.types, scope));
    // Without an index there is nothing but the image to say which digest it has.
    if (attestations !== undefined && wish?.config === false) {
      return { digest: attestations.root, config: Buffer.alloc(0), attestations };
    }
    const { digest, config } = await job.images.resolve(ref, platform, scope, origin);
    return { digest, config: wish?.config === false ? Buffer.alloc(0) : config, attestations };
  });
  const image = await work.catch((error: unknown) => {
    throw prefixed(`failed to resolve source metadata for ${ref}`, error, "engine/failed");
  });
  const { digest, config, attestations } = image;
  log.images.push({
    ...{ ref: layout === undefined ? canonicalReference(ref) : ref, digest, local: layout !== undefined },
    ...(options.platform && { platform: options.platform }),
  });
  const pinned = formatReference(withDigest(parseReference(ref), digest));
  return { ref: pinned, digest, config, ...(attestations && { attestations }) };
}

function vertexWarning(vertex: Digest, warning: FrontendWarning): VertexWarning {
  const { source } = warning;
  return {
    vertex,
    level: warning.level,
    short: Buffer.from(warning.short),
    detail: warning.detail.map((line) => Buffer.from(line)),
    url: warning.url,
    ...(source && { sourceInfo: { filename: source.filename, data: source.data, language: source.language } }),
    range: warning.ranges,
  };
}
