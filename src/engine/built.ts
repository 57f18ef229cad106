import type { FrontendAttestation, FrontendResult } from "../frontend/index.ts";
import type { JobBridge } from "./bridge.ts";
import type { EngineEdge } from "./graph.ts";

/** What a frontend (or a definition) made of the request: an edge per platform, "" for a single one. */
export interface Built {
  readonly edges: ReadonlyMap<string, EngineEdge | undefined>;
  /** The definition behind each of them; nothing for an empty result. */
  readonly definitions: ReadonlyMap<string, Uint8Array>;
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  /** Names by which a gateway knows the results. */
  readonly refs: readonly string[];
  /** What the frontend attests of each platform's result. */
  readonly attestations: ReadonlyMap<string, readonly BuiltAttestation[]>;
}

/** A frontend's attestation with what makes its files. */
export interface BuiltAttestation extends Omit<FrontendAttestation, "ref"> {
  readonly edge: EngineEdge | undefined;
}

/** The frontend's result with what is behind its refs. Throws `engine/unknown-ref`. */
export function builtOf(result: FrontendResult, bridge: JobBridge): Built {
  const { refs, metadata, attestations = [] } = result;
  const solved = [...refs].flatMap(([platform, ref]) => (ref === undefined ? [] : [[platform, ref] as const]));
  return {
    edges: new Map([...refs].map(([platform, ref]) => [platform, bridge.edgeOf(ref)] as const)),
    definitions: new Map(
      solved.flatMap(([platform, ref]) => {
        const definition = bridge.definitionOf(ref);
        return definition === undefined ? [] : [[platform, definition] as const];
      }),
    ),
    metadata,
    refs: solved.map(([, ref]) => ref.id),
    attestations: new Map(
      [...attestations].map(
        ([platform, list]) =>
          [platform, list.map(({ ref, ...rest }) => ({ ...rest, edge: bridge.edgeOf(ref) }))] as const,
      ),
    ),
  };
}

/** A platform's part of a result; what was not returned by platform has only one. `id` is the platform's key in `refs.platforms`. */
export function partOf<T>(parts: ReadonlyMap<string, T>, id: string): T | undefined {
  return parts.get(id) ?? (parts.size === 1 ? [...parts.values()][0] : undefined);
}
