import type { SourceErrorDetails } from "../frontend/index.ts";
import { CooperError, type Digest, isCooperError } from "../kit/index.ts";
import type { DefinitionVertex, ParsedDefinition, SourceFileInfo, SourceLocation } from "../llb/index.ts";
import type { VertexErrorDetails } from "../solver/index.ts";
import { encode, pb } from "../wire/index.ts";

/** `details` of the error below the outermost one: which vertex failed, its op as it was received, what it was called. */
export interface FailedOpDetails extends VertexErrorDetails {
  readonly op?: Uint8Array;
  readonly description?: ReadonlyMap<string, string>;
}

/** Where a vertex stands, as its definition says it. */
interface Place {
  readonly files: readonly SourceFileInfo[];
  readonly locations: readonly SourceLocation[];
}

/** The last place first, as upstream tells them. */
function detailsOf({ files, locations }: Place): SourceErrorDetails | undefined {
  const [first, ...more] = locations.toReversed().flatMap(({ file, ranges }): SourceErrorDetails[] => {
    const found = files[file];
    if (found === undefined) return [];
    const { filename, data, language, definition } = found;
    const from = definition && { definition: { definition: encode(pb.Definition, definition) } };
    return [{ kind: "source", source: { filename, data, language, ...from }, ranges }];
  });
  return first && { ...first, ...(more.length > 0 && { more }) };
}

/** Where the vertices of all definitions of a job stand in their source files, and what they are. */
export class SourcePlaces {
  readonly #places = new Map<Digest, Place>();
  readonly #vertices = new Map<Digest, DefinitionVertex>();

  add(definition: ParsedDefinition): void {
    for (const vertex of definition.vertices) this.#vertices.set(vertex.digest, vertex);
    const { files, locations } = definition.source;
    for (const [digest, list] of locations) if (list.length > 0) this.#places.set(digest, { files, locations: list });
  }

  /**
   * The error with the place of the vertex that failed, when that is known. Its message stays. Its cause tells the vertex
   * and its op, and the cause of that is the op's own error.
   */
  point(error: unknown): unknown {
    if (!isCooperError(error, "solver/vertex-failed")) return error;
    const { vertex } = error.details as VertexErrorDetails;
    const known = this.#places.get(vertex);
    const place = known && detailsOf(known);
    const failed = this.#vertices.get(vertex);
    const cause = error.cause;
    const code = isCooperError(cause) ? cause.code : error.code;
    const hint = isCooperError(cause) ? cause.hint : undefined;
    const details = place ?? (isCooperError(cause) ? cause.details : undefined);
    const op = failed && { op: failed.bytes, description: failed.metadata.description };
    const told: FailedOpDetails = { kind: "vertex", vertex, ...op };
    const middle = new CooperError("solver/vertex-failed", error.message, { cause, details: told });
    return new CooperError(code, error.message, { cause: middle, details, hint });
  }
}
