import type { Digest } from "../kit/index.ts";
import { sha256 } from "../kit/index.ts";
import type { Platform } from "../oci/index.ts";
import { encode, type Init, pb } from "../wire/index.ts";
import { caps } from "./caps.ts";
import { marshalHead, marshalOp } from "./marshal.ts";
import { mergeMetadata, metadataToWire, noMetadata, type OpMetadata } from "./metadata.ts";
import { type MarshalContext, type Node, type NodeLocation, type NodeSource, type Output, settle } from "./node.ts";
import type { Input } from "./op.ts";
import type { State } from "./state.ts";

/** A graph as it is sent. */
export interface BuiltDefinition {
  /** pb.Definition. */
  readonly bytes: Uint8Array;
  readonly message: Init<pb.Definition>;
  /** Undefined: scratch. */
  readonly head: Input | undefined;
}

export interface BuildDefinitionOptions {
  /** For vertices that name none. */
  readonly platform: Platform;
  /** What the builder can do; undefined: not known. */
  readonly capabilities?: { has(id: string): boolean } | undefined;
}

/** Marshals all that `state` needs: the same state gives the same bytes, whatever ran before. */
export function buildDefinition(state: State, options: BuildDefinitionOptions): BuiltDefinition {
  const head = settle(state.output);
  if (head === undefined) return { bytes: new Uint8Array(0), message: {}, head: undefined };
  const collected = new Collector(options);
  const input = collected.add(head);
  const message = collected.finish(input);
  return { bytes: encode(pb.Definition, message), message, head: input };
}

class Collector implements MarshalContext {
  readonly platform: Platform;
  readonly capabilities: { has(id: string): boolean } | undefined;
  readonly #digests = new Map<Node, Digest>();
  readonly #ops = new Map<Digest, Uint8Array>();
  readonly #metadata = new Map<Digest, OpMetadata>();
  readonly #locations = new Map<Digest, NodeLocation[]>();

  constructor(options: BuildDefinitionOptions) {
    this.platform = options.platform;
    this.capabilities = options.capabilities;
  }

  inputOf(output: Output | undefined): Input | undefined {
    const settled = settle(output);
    if (settled === undefined) return undefined;
    return { digest: this.#digests.get(settled.node) ?? this.add(settled).digest, index: settled.index() };
  }

  /** Marshals the output's node after all that it needs. Iterative: a chain of steps may be very long. */
  add(head: Output & { readonly kind: "node" }): Input {
    const stack = [head.node];
    const expanded = new Set<Node>();
    for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
      if (!this.#digests.has(node) && !expanded.has(node)) {
        expanded.add(node);
        const inputs = node.inputs().flatMap((output) => settle(output)?.node ?? []);
        stack.push(...inputs.toReversed());
      } else {
        stack.pop();
        if (!this.#digests.has(node)) this.#marshal(node);
      }
    }
    return { digest: this.#digests.get(head.node) as Digest, index: head.index() }; // just marshalled
  }

  #marshal(node: Node): void {
    const { op, metadata, locations } = node.marshal(this);
    const { bytes, digest } = "bytes" in op ? op : marshalOp(op);
    this.#digests.set(node, digest);
    this.#ops.set(digest, this.#ops.get(digest) ?? bytes);
    this.#metadata.set(digest, mergeMetadata(this.#metadata.get(digest) ?? noMetadata, metadata));
    this.#locations.set(digest, [...(this.#locations.get(digest) ?? []), ...locations]);
  }

  finish(head: Input): Init<pb.Definition> {
    const last = marshalHead(head);
    const metadata = new Map<string, OpMetadata>(this.#metadata);
    metadata.set(sha256(last), { ...noMetadata, caps: new Set(this.#headCaps()) });
    return {
      def: [...this.#ops.values(), last],
      metadata: new Map([...metadata].map(([digest, item]) => [digest, metadataToWire(item)])),
      source: this.#source(),
    };
  }

  #headCaps(): string[] {
    const all = [...this.#metadata.values()];
    return [
      caps.constraints,
      caps.platform,
      ...(all.some(({ ignoreCache }) => ignoreCache) ? [caps.metaIgnoreCache] : []),
      ...(all.some(({ description }) => description.size > 0) ? [caps.metaDescription] : []),
      ...(all.some(({ exportCache }) => exportCache !== undefined) ? [caps.metaExportCache] : []),
    ];
  }

  #source(): Init<pb.Source> {
    const infos: NodeSource[] = [];
    const indexOf = (source: NodeSource) => {
      const known = infos.indexOf(source);
      const at = known >= 0 ? known : infos.findIndex((info) => sameFile(info, source));
      return at >= 0 ? at : infos.push(source) - 1;
    };
    const locations = new Map<string, Init<pb.Locations>>();
    for (const [digest, list] of this.#locations) {
      const places = list.map(({ source, ranges }) => ({ sourceIndex: indexOf(source), ranges }));
      locations.set(digest, { locations: places });
    }
    return { locations, infos };
  }
}

/** Whether it is one file that came in by two ways, such as with an input. Its definition counts by its head. */
function sameFile(a: NodeSource, b: NodeSource): boolean {
  if (a.filename !== b.filename || a.language !== b.language || Buffer.compare(a.data, b.data) !== 0) return false;
  const [head, other] = [a.definition?.def?.at(-1), b.definition?.def?.at(-1)];
  return head === undefined || other === undefined || Buffer.compare(head, other) === 0;
}
