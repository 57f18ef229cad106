import type { FrontendBridge, FrontendRef, FrontendWarning } from "../frontend/index.ts";
import { CooperError, type Digest, prefixed } from "../kit/index.ts";
import { formatReference, hostPlatform, parseReference, withDigest } from "../oci/index.ts";
import { layoutOrigin, layoutStoreOf, type Ref } from "../ops/index.ts";
import type { BuildJob } from "./build-job.ts";
import type { GatewayBridge, VertexWarning } from "./contract.ts";
import { forwardRequest } from "./forward.ts";
import type { EngineEdge } from "./graph.ts";
import { resolveSourceMeta } from "./source-meta.ts";
import { readTreeFile, statTreeFile, withTree } from "./tree-files.ts";
import { readTreeFolder, treeFileInfo } from "./tree-info.ts";

/** What a frontend may ask back, and how the engine finds again what its refs stand for. */
export interface JobBridge extends GatewayBridge {
  edgeOf(ref: FrontendRef | undefined): EngineEdge | undefined;
}

/** The bridge between one build's frontend and its job. Failures of vertices leave with their place in the source. */
export function openBridge(job: BuildJob): JobBridge {
  const edges = new Map<string, EngineEdge | undefined>();
  const definitions = new Map<string, Uint8Array>();
  const edgeOf = (ref: FrontendRef | undefined) => {
    if (ref === undefined) return undefined;
    if (!edges.has(ref.id)) throw new CooperError("engine/unknown-ref", `cannot use reference ${ref.id}: unknown`);
    return edges.get(ref.id);
  };
  const withRef = async <T>(ref: FrontendRef, work: (root: string | undefined) => Promise<T>): Promise<T> => {
    const edge = edgeOf(ref);
    const result = await job.result(edge);
    return withTree(result, job.parts.storage, (tree: Ref) => job.materialise(tree, edge), work);
  };
  const bridge: JobBridge = {
    edgeOf,
    definitionOf: (ref) => definitions.get(ref.id),
    evaluate: (ref) => job.track(job.result(edgeOf(ref)).then(() => {})),
    fileInfo: (ref, path) => job.track(withRef(ref, async (root) => treeFileInfo(root, path))),
    readDir: (ref, path, pattern) => job.track(withRef(ref, async (root) => readTreeFolder(root, path, pattern))),
    sessionId: job.session.id,
    workerPlatforms: [hostPlatform()],
    async solve({ definition }, { evaluate }) {
      const edge = job.load(definition);
      if (evaluate) await job.result(edge);
      const ref = { id: `ref${edges.size}` };
      edges.set(ref.id, edge);
      if (edge !== undefined) definitions.set(ref.id, definition);
      return ref;
    },
    forward: (name, request, scope) => forwardRequest(job.parts, name, request, bridge, scope),
    resolveImageConfig: (ref, options) => job.track(resolveImageConfig(job, ref, options)),
    resolveSourceMeta: (identifier, attrs, options) => job.track(resolveSourceMeta(job, identifier, attrs, options)),
    readFile: (ref, path, _scope, limit) => job.track(withRef(ref, (root) => readTreeFile(root, path, limit))),
    statFile: (ref, path) => job.track(withRef(ref, (root) => statTreeFile(root, path))),
    warn: (vertex, warning) => job.status.warn(vertexWarning(vertex, warning)),
  };
  return bridge;
}

/** `[internal] load metadata for …`: a line of progress of its own, as upstream's. */
async function resolveImageConfig(
  job: BuildJob,
  ref: string,
  options: Parameters<FrontendBridge["resolveImageConfig"]>[1],
): ReturnType<FrontendBridge["resolveImageConfig"]> {
  const layout = options.ociLayout;
  const origin = layout && layoutOrigin(layout.storeId || layoutStoreOf(ref));
  const work = job.status.task(options.logName, (emit) =>
    job.images.resolve(ref, options.platform ?? hostPlatform(), job.scope(emit), origin),
  );
  const image = await work.catch((error: unknown) => {
    throw prefixed(`failed to resolve source metadata for ${ref}`, error, "engine/failed");
  });
  const name = formatReference(withDigest(parseReference(ref), image.digest));
  return { ref: name, digest: image.digest, config: image.config };
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
