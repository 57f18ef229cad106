import type { SourceErrorDetails } from "../frontend/index.ts";
import { CooperError, type Digest, isCooperError } from "../kit/index.ts";
import type { ParsedDefinition } from "../llb/index.ts";
import type { VertexErrorDetails } from "../solver/index.ts";

/** Where the vertices of all definitions of a job stand in their source files. */
export class SourcePlaces {
  readonly #places = new Map<Digest, SourceErrorDetails>();

  add(definition: ParsedDefinition): void {
    const { files, locations } = definition.source;
    for (const [digest, list] of locations) {
      const [first] = list;
      const file = first && files[first.file];
      if (first === undefined || file === undefined) continue;
      const ranges = list.filter((location) => location.file === first.file).flatMap((location) => location.ranges);
      const { filename, data, language } = file;
      this.#places.set(digest, { kind: "source", source: { filename, data, language }, ranges });
    }
  }

  /** The error with the place of the vertex that failed, when that is known. Its message stays. */
  point(error: unknown): unknown {
    if (!isCooperError(error, "solver/vertex-failed")) return error;
    const place = this.#places.get((error.details as VertexErrorDetails).vertex);
    const cause = error.cause;
    const code = isCooperError(cause) ? cause.code : error.code;
    const hint = isCooperError(cause) ? cause.hint : undefined;
    const details = place ?? (isCooperError(cause) ? cause.details : undefined);
    return new CooperError(code, error.message, { cause, details, hint });
  }
}
