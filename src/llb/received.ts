import { CooperError, type Digest } from "../kit/index.ts";
import { type DefinitionVertex, type ParsedDefinition, unmarshalDefinition } from "./definition.ts";
import type { MarshalledNode, Node, NodeLocation, NodeSource, Output } from "./node.ts";
import type { Input } from "./op.ts";
import { State } from "./state.ts";

/** A vertex of a received definition: its bytes are kept as they came. */
class ReceivedNode implements Node {
  readonly #vertex: DefinitionVertex;
  readonly #inputs: readonly Output[];
  readonly #locations: readonly NodeLocation[];
  constructor(vertex: DefinitionVertex, inputs: readonly Output[], locations: readonly NodeLocation[]) {
    this.#vertex = vertex;
    this.#inputs = inputs;
    this.#locations = locations;
  }
  inputs(): readonly Output[] {
    return this.#inputs;
  }
  marshal(): MarshalledNode {
    const { bytes, digest, metadata } = this.#vertex;
    return { op: { bytes, digest }, metadata, locations: this.#locations };
  }
}

/**
 * A definition that somebody else marshalled, as a state to build on. Throws what `unmarshalDefinition` throws, and `llb/invalid` for one
 * that says nothing, as upstream does: most likely it was forgotten.
 */
export function stateFromDefinition(bytes: Uint8Array): State {
  const definition = unmarshalDefinition(bytes);
  if (definition.head === undefined) {
    throw new CooperError("llb/invalid", "invalid nil input definition to definition op");
  }
  const sources: readonly NodeSource[] = definition.source.files;
  const nodes = new Map<Digest, ReceivedNode>();
  const outputOf = ({ digest, index }: Input): Output => {
    const node = nodes.get(digest) as ReceivedNode; // vertices come with their inputs first
    const platform = definition.byDigest.get(digest)?.op.platform;
    return { kind: "node", node, index: () => index, ...(platform && { platform }) };
  };
  for (const vertex of definition.vertices) {
    const locations = locationsIn(definition, vertex.digest, sources);
    nodes.set(vertex.digest, new ReceivedNode(vertex, vertex.op.inputs.map(outputOf), locations));
  }
  return new State(outputOf(definition.head));
}

function locationsIn(definition: ParsedDefinition, digest: Digest, sources: readonly NodeSource[]): NodeLocation[] {
  return (definition.source.locations.get(digest) ?? []).flatMap(({ file, ranges }) => {
    const source = sources[file];
    return source === undefined ? [] : [{ source, ranges }];
  });
}
