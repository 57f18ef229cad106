import type { Digest } from "../kit/index.ts";
import type { DefinitionVertex, Input, ParsedDefinition } from "../llb/index.ts";
import type { Ref } from "../ops/index.ts";
import type { Edge, Op, Vertex } from "../solver/index.ts";
import type { EngineScope } from "./engine-scope.ts";
import type { JobStatus, VertexNotice } from "./job-status.ts";
import { opName } from "./op-name.ts";

export type EngineVertex = Vertex<Ref, EngineScope>;
export type EngineEdge = Edge<Ref, EngineScope>;
export type MakeOp = (vertex: DefinitionVertex) => Op<Ref, EngineScope>;

/** The solver's graph of a definition; undefined is scratch. `ignoreCache`: for every vertex. */
export function graphOf(definition: ParsedDefinition, makeOp: MakeOp, ignoreCache: boolean): EngineEdge | undefined {
  const vertices = new Map<Digest, EngineVertex>();
  const edge = ({ digest, index }: Input): EngineEdge => ({
    // Inputs come before those who use them, and the definition is verified.
    vertex: vertices.get(digest) as EngineVertex,
    output: index,
  });
  for (const vertex of definition.vertices) {
    const inputs = vertex.op.inputs.map(edge);
    vertices.set(vertex.digest, {
      digest: vertex.digest,
      name: opName(vertex, (input) => inputs[input]?.vertex.name ?? ""),
      inputs,
      ignoreCache: ignoreCache || vertex.metadata.ignoreCache,
      op: makeOp(vertex),
    });
  }
  return definition.head === undefined ? undefined : edge(definition.head);
}

/** Tells progress of all vertices that the head reaches, the head first. */
export function announceGraph(head: EngineEdge, definition: ParsedDefinition, status: JobStatus): void {
  const notices: VertexNotice[] = [];
  const seen = new Set<EngineVertex>();
  const stack = [head.vertex];
  for (let vertex = stack.pop(); vertex !== undefined; vertex = stack.pop()) {
    if (seen.has(vertex)) continue;
    seen.add(vertex);
    notices.push(noticeOf(vertex, definition.byDigest.get(vertex.digest)));
    stack.push(...vertex.inputs.map((input) => input.vertex));
  }
  status.announce(notices);
}

function noticeOf(vertex: EngineVertex, from: DefinitionVertex | undefined): VertexNotice {
  const group = from?.metadata.progressGroup;
  return {
    digest: vertex.digest,
    ...(vertex.inputs.length > 0 && { inputs: vertex.inputs.map((input) => input.vertex.digest) }),
    name: vertex.name,
    ...(group !== undefined && { progressGroup: group }),
  };
}
