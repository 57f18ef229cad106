import type { Digest } from "../kit/index.ts";
import type { Platform } from "../oci/index.ts";
import type { Init, pb } from "../wire/index.ts";
import type { LinuxResources, OpMetadata, ProgressGroup } from "./metadata.ts";
import { noMetadata } from "./metadata.ts";
import type { Input, Op } from "./op.ts";
import type { Range } from "./source-map.ts";

/**
 * A vertex being built. It becomes an op only when its graph is marshalled, so that an input may be decided as late as that
 * (which paths of the build context are wanted is known after the last instruction).
 */
export interface Node {
  /** What must be marshalled before it, in upstream's order. */
  inputs(): readonly Output[];
  marshal(context: MarshalContext): MarshalledNode;
}

/** One output of a node; deferred ones are asked for when the graph is marshalled, undefined then meaning scratch. */
export type Output =
  | { readonly kind: "node"; readonly node: Node; readonly index: () => number; readonly platform?: Platform }
  | { readonly kind: "deferred"; readonly resolve: () => Output | undefined };

export interface MarshalContext {
  /** For vertices that name none. */
  readonly platform: Platform;
  /** What the builder can do; undefined: not known. */
  readonly capabilities: { has(id: string): boolean } | undefined;
  /** Undefined is scratch. */
  inputOf(output: Output | undefined): Input | undefined;
}

/** A node's op (or, for one that came from elsewhere, its very bytes) and what stands beside it. */
export interface MarshalledNode {
  readonly op: Op | { readonly bytes: Uint8Array; readonly digest: Digest };
  readonly metadata: OpMetadata;
  readonly locations: readonly NodeLocation[];
}

/** A source file as the definition will carry it. */
export interface NodeSource {
  readonly filename: string;
  readonly language: string;
  readonly data: Uint8Array;
  readonly definition?: Init<pb.Definition>;
}

export interface NodeLocation {
  readonly source: NodeSource;
  readonly ranges: readonly Range[];
}

/** What any vertex can be given besides its op. */
export interface VertexOptions {
  readonly platform?: Platform | undefined;
  readonly ignoreCache?: boolean | undefined;
  /** What progress shows: `[build 2/4] RUN make`. */
  readonly customName?: string | undefined;
  /** Further texts; nobody but progress views reads them. */
  readonly description?: Readonly<Record<string, string>> | undefined;
  readonly progressGroup?: ProgressGroup | undefined;
  readonly linuxResources?: LinuxResources | undefined;
  readonly location?: NodeLocation | undefined;
}

/** The options' metadata, with the capabilities that the vertex needs. */
export function metadataOf(options: VertexOptions, caps: Iterable<string>): OpMetadata {
  const { customName, description, progressGroup, linuxResources } = options;
  return {
    ...noMetadata,
    ignoreCache: options.ignoreCache === true,
    description: new Map([
      ...Object.entries(description ?? {}),
      ...(customName === undefined ? [] : [["llb.customname", customName] as const]),
    ]),
    caps: new Set(caps),
    ...(progressGroup && { progressGroup }),
    ...(linuxResources && { linuxResources }),
  };
}

export function locationsOf(options: VertexOptions): readonly NodeLocation[] {
  return options.location === undefined ? [] : [options.location];
}

/** The only output of a node. */
export function onlyOutput(node: Node, platform?: Platform): Output {
  return { kind: "node", node, index: () => 0, ...(platform && { platform }) };
}

/** The output that a deferred one stands for in the end. */
export function settle(output: Output | undefined): (Output & { readonly kind: "node" }) | undefined {
  let current = output;
  while (current?.kind === "deferred") current = current.resolve();
  return current;
}
