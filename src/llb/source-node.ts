import { CooperError } from "../kit/index.ts";
import { goJson } from "../oci/index.ts";
import { caps } from "./caps.ts";
import {
  locationsOf,
  type MarshalContext,
  type MarshalledNode,
  metadataOf,
  type Node,
  type Output,
  onlyOutput,
  type VertexOptions,
} from "./node.ts";
import { State } from "./state.ts";

/** Anything that comes from outside: an identifier and what is said of it. */
export class SourceNode implements Node {
  readonly identifier: string;
  readonly attrs: ReadonlyMap<string, string>;
  readonly #caps: readonly string[];
  readonly #options: VertexOptions;

  constructor(
    identifier: string,
    attrs: ReadonlyMap<string, string>,
    needed: readonly string[],
    options: VertexOptions,
  ) {
    this.identifier = identifier;
    this.attrs = attrs;
    this.#caps = needed;
    this.#options = options;
  }

  inputs(): readonly Output[] {
    return [];
  }

  marshal(context: MarshalContext): MarshalledNode {
    if (this.identifier === "") throw new CooperError("llb/invalid", "source identifier can't be empty");
    const hasPlatform = /^(docker-image|oci-layout):\/\//.test(this.identifier);
    return {
      op: {
        inputs: [],
        ...(hasPlatform && { platform: this.#options.platform ?? context.platform }),
        workerFilters: [],
        body: { kind: "source", identifier: this.identifier, attrs: this.attrs },
      },
      metadata: metadataOf(this.#options, this.#caps),
      locations: locationsOf(this.#options),
    };
  }
}

function sourceState(
  identifier: string,
  attrs: Iterable<readonly [string, string]>,
  needed: readonly string[],
  options: VertexOptions,
): State {
  const node = new SourceNode(identifier, new Map(attrs), needed, options);
  return new State(onlyOutput(node, options.platform));
}

export type ResolveMode = "default" | "pull" | "local";

/** An image of a registry. `ref` is canonical (`docker.io/library/busybox:latest@sha256:…`). */
export function image(ref: string, options: VertexOptions & { readonly resolveMode?: ResolveMode } = {}): State {
  const { resolveMode = "default" } = options;
  const attrs: [string, string][] = resolveMode === "default" ? [] : [["image.resolvemode", resolveMode]];
  const needed = resolveMode === "pull" ? [caps.sourceImage, caps.sourceImageResolveMode] : [caps.sourceImage];
  return sourceState(`docker-image://${ref}`, attrs, needed, options);
}

/** An image of a layout that the caller's session serves. */
export function ociLayout(
  ref: string,
  options: VertexOptions & { readonly sessionId: string; readonly storeId: string },
): State {
  const attrs = [["oci.session", options.sessionId] as const, ["oci.store", options.storeId] as const];
  return sourceState(
    `oci-layout://${ref}`,
    attrs.filter(([, value]) => value !== ""),
    [caps.sourceOciLayout],
    options,
  );
}

export interface LocalOptions extends VertexOptions {
  readonly sessionId: string;
  /** Only these paths, and what their links point at. */
  readonly followPaths?: readonly string[];
  readonly includePatterns?: readonly string[];
  readonly excludePatterns?: readonly string[];
  readonly sharedKeyHint?: string;
  /** Do not compare with what was sent before; worth it for single files. */
  readonly noDiffer?: boolean;
}

/** A directory of the caller. */
export function local(name: string, options: LocalOptions): State {
  const attrs: [string, string][] = [];
  const needed: string[] = [caps.sourceLocal];
  const add = (key: string, value: string, cap: string) => {
    if (value === "") return;
    attrs.push([key, value]);
    needed.push(cap);
  };
  add("local.session", options.sessionId, caps.sourceLocalSessionId);
  add("local.includepattern", list(options.includePatterns), caps.sourceLocalIncludePatterns);
  add("local.followpaths", list(options.followPaths), caps.sourceLocalFollowPaths);
  add("local.excludepatterns", list(options.excludePatterns), caps.sourceLocalExcludePatterns);
  add("local.sharedkeyhint", options.sharedKeyHint ?? "", caps.sourceLocalSharedKeyHint);
  if (options.noDiffer) attrs.push(["local.differ", "none"]);
  return sourceState(`local://${name}`, attrs, needed, options);
}

/** As Go's encoding/json writes a list of strings. */
function list(items: readonly string[] | undefined): string {
  return items === undefined || items.length === 0 ? "" : goJson(items);
}

export interface HttpOptions extends VertexOptions {
  readonly filename: string;
  readonly checksum?: string | undefined;
}

/** A file behind a URL. */
export function http(url: string, options: HttpOptions): State {
  const attrs: [string, string][] = [["http.filename", options.filename]];
  const needed: string[] = [caps.sourceHttp];
  if (options.checksum) {
    attrs.push(["http.checksum", options.checksum]);
    needed.push(caps.sourceHttpChecksum);
  }
  return sourceState(url, attrs, needed, options);
}
