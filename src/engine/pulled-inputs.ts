import { CooperError, type Digest } from "../kit/index.ts";
import type { FailureDetails, OpScope, Ref } from "../ops/index.ts";
import type { Op, Recipe } from "../solver/index.ts";
import type { SnapshotId, SnapshotStore } from "../storage/index.ts";
import type { EngineScope } from "./engine-scope.ts";

export type Materialise = (ref: Ref, scope: OpScope) => Promise<SnapshotId | undefined>;

/**
 * The op with inputs that are here: pending layers are pulled before it reads an input or is said to start. The pull shows in
 * the progress of the vertex that the image comes from (`inputs`: digests of the op's input vertices).
 */
export function withPulledInputs(
  op: Op<Ref, OpScope>,
  inputs: readonly Digest[],
  snapshots: SnapshotStore,
  materialise: Materialise,
): Op<Ref, EngineScope> {
  return {
    recipe: async (scope) => {
      const recipe = await op.recipe(scope);
      return { ...recipe, content: recipe.content.map(withInput) };
    },
    prepare: async (ref, index, scope) => {
      if (ref.kind !== "layers") return ref;
      const top = ref.layers.at(-1);
      if (top === undefined) return { kind: "scratch" };
      const here = snapshots.byName(top.chainId);
      const id = here?.id ?? (await scope.during(inputs[index] as Digest, (inner) => materialise(ref, inner)));
      return id === undefined ? { kind: "scratch" } : { kind: "snapshot", id };
    },
    execute: (refs, scope) => op.execute(refs, scope),
  };
}

type ContentOf = Recipe<Ref, OpScope>["content"][number];

/** The content function, whose failure tells which input it was, for who wants to look at that. */
function withInput(contentOf: ContentOf, index: number): ContentOf {
  if (contentOf === undefined) return undefined;
  return async (input, scope) => {
    try {
      return await contentOf(input, scope);
    } catch (error) {
      if (!(error instanceof CooperError) || error.details !== undefined || scope.keepsFailures !== true) throw error;
      const { code, message, hint } = error;
      const details: FailureDetails = { kind: "content-hash", index, state: { inputs: [input], mounts: [] } };
      throw new CooperError(code, message, { cause: error, hint, details });
    }
  };
}
