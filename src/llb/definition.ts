import { CooperError, type Digest, sha256 } from "../kit/index.ts";
import { decode, pb } from "../wire/index.ts";
import { inputFromWire, invalid, opFromWire } from "./from-wire.ts";
import { metadataFromWire, noMetadata, type OpMetadata } from "./metadata.ts";
import type { Input, Op } from "./op.ts";
import { type SourceMap, sourceMapFromWire } from "./source-map.ts";

/** One verified vertex of a definition. */
export interface DefinitionVertex {
  /** sha256 of `bytes`. */
  readonly digest: Digest;
  /** The op exactly as received. */
  readonly bytes: Uint8Array;
  readonly op: Op;
  readonly metadata: OpMetadata;
}

export interface ParsedDefinition {
  /** Every vertex once, inputs before those who use them; only vertices that the head reaches. */
  readonly vertices: readonly DefinitionVertex[];
  readonly byDigest: ReadonlyMap<Digest, DefinitionVertex>;
  /** What the definition stands for; undefined is scratch. */
  readonly head: Input | undefined;
  readonly source: SourceMap;
}

/** What a definition may be at most; far above anything real, low enough to be refused at once. */
const limits = { bytes: 64 << 20, ops: 100_000 } as const;

/**
 * Decodes and verifies a marshalled pb.Definition. Digests are computed, never believed; every input must be there; a cycle
 * cannot be written down with digests, but is refused all the same. Time is linear in the size of the input.
 * Throws `llb/invalid`, `wire/malformed`, `kit/bad-digest`.
 */
export function unmarshalDefinition(bytes: Uint8Array): ParsedDefinition {
  if (bytes.byteLength > limits.bytes) throw invalid(`size: ${bytes.byteLength} bytes, at most ${limits.bytes}`);
  return parseDefinition(decode(pb.Definition, bytes));
}

/** The same for a definition that is decoded already (part of a larger message). */
function parseDefinition(definition: pb.Definition): ParsedDefinition {
  if (definition.def.length > limits.ops) throw invalid(`size: ${definition.def.length} ops, at most ${limits.ops}`);
  const source = sourceMapFromWire(definition.source);
  const last = definition.def.at(-1);
  if (last === undefined) return { vertices: [], byDigest: new Map(), head: undefined, source };
  const head = readHead(last);
  const vertices = head === undefined ? [] : sortFrom(head, definition);
  const byDigest = new Map(vertices.map((vertex) => [vertex.digest, vertex]));
  return { vertices, byDigest, head, source };
}

function readHead(bytes: Uint8Array): Input | undefined {
  const op = decode(pb.Op, bytes);
  const [input] = op.inputs;
  if (input === undefined) return undefined;
  if (op.op !== undefined || op.inputs.length > 1) throw invalid("last op: it must have one input and nothing else");
  return inputFromWire(input);
}

/** Vertices that `head` reaches, inputs first. Iterative, as a chain may be longer than the stack is deep. */
function sortFrom(head: Input, definition: pb.Definition): DefinitionVertex[] {
  const bytesOf = new Map(definition.def.slice(0, -1).map((bytes) => [sha256(bytes), bytes]));
  const vertices: DefinitionVertex[] = [];
  const state = new Map<Digest, "open" | "done">();
  const stack: { vertex: DefinitionVertex; next: number }[] = [open(head.digest)];

  function open(digest: Digest): { vertex: DefinitionVertex; next: number } {
    state.set(digest, "open");
    return { vertex: readVertex(digest, bytesOf.get(digest), definition), next: 0 };
  }

  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const input = top.vertex.op.inputs[top.next++];
    if (input === undefined) {
      state.set(top.vertex.digest, "done");
      vertices.push(top.vertex);
      stack.pop();
    } else if (state.get(input.digest) === "open") {
      throw invalid(`graph: cycle through ${input.digest}`);
    } else if (!state.has(input.digest)) {
      stack.push(open(input.digest));
    }
  }
  return vertices;
}

function readVertex(digest: Digest, bytes: Uint8Array | undefined, definition: pb.Definition): DefinitionVertex {
  if (bytes === undefined)
    throw new CooperError("llb/invalid", `cannot load build definition: invalid missing input digest ${digest}`);
  const metadata = definition.metadata.get(digest);
  return {
    digest,
    bytes,
    op: opFromWire(decode(pb.Op, bytes)),
    metadata: metadata === undefined ? noMetadata : metadataFromWire(metadata),
  };
}
