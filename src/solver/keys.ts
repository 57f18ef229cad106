import { randomUUID } from "node:crypto";
import { type Digest, sha256Fields } from "../kit/index.ts";

/** A vertex's identity for the store. */
export interface VertexKey {
  readonly digest: Digest;
  /** Known in this process only: nothing is stored under it, and no link starts at it. */
  readonly local: boolean;
  /** The result is made anew (`ignoreCache`, here or in what it rests on): stored results and remembered links do not count. */
  readonly fresh: boolean;
  /** The quick key that leads to it, when that is another. */
  readonly quick?: Digest;
}

/** The part of an input's key that tells its vertex's outputs apart. */
export function outputKey(vertexKey: Digest, output: number): Digest {
  return sha256Fields("output", vertexKey, String(output));
}

/** Recipe and one key per input. Quick keys and final keys are made alike; they differ in what the inputs' keys are. */
export function combineKey(recipe: Digest, inputs: readonly Digest[]): Digest {
  return sha256Fields("vertex", recipe, ...inputs);
}

/** A content key, marked as such: it never equals the key of a vertex. */
export function contentKey(content: Digest): Digest {
  return sha256Fields("content", content);
}

/** The key of something that is true for one vertex of this process only. */
export function unrepeatableKey(fresh: boolean): VertexKey {
  return { digest: sha256Fields("local", randomUUID()), local: true, fresh };
}
