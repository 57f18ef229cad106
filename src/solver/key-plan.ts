import type { Digest, Scope } from "../kit/index.ts";
import type { Recipe } from "./contract.ts";
import { combineKey, outputKey, type VertexKey } from "./keys.ts";

/** What is known of a vertex's key once the keys of its inputs are. */
export interface KeyPlan {
  readonly parts: readonly KeyPart[];
  /** Recipe and own keys of all inputs. */
  readonly quick: Digest;
  /** As of `VertexKey`: because of an input whose own key counts. */
  readonly local: boolean;
  /** As of `VertexKey`: because it was asked for, or of an input whose own key counts. */
  readonly fresh: boolean;
  /** The quick key means the same in the next build: a link from it is worth something. */
  readonly linkable: boolean;
  /** A link that is remembered may be followed: no input whose content counts is made anew. */
  readonly trusted: boolean;
}

/** What an input brings to the key. */
export interface KeyPart {
  readonly key: VertexKey;
  /** The input's own key, of the output that is used. */
  readonly own: Digest;
  /** What it holds counts in the final key, instead of its own key. */
  readonly byContent: boolean;
}

/** `keys` are those of the inputs, in their order; what their content is does not count yet. */
export function keyPlan<R, S extends Scope>(
  recipe: Recipe<R, S>,
  inputs: readonly { readonly output: number }[],
  keys: readonly VertexKey[],
  ignoreCache: boolean,
): KeyPlan {
  const parts = keys.map((key, index): KeyPart => {
    const own = outputKey(key.digest, inputs[index]?.output ?? 0);
    return { key, own, byContent: recipe.content[index] !== undefined };
  });
  const linkable = !parts.some(({ key }) => key.local);
  return {
    parts,
    quick: combineKey(
      recipe.digest,
      parts.map(({ own }) => own),
    ),
    local: parts.some(({ key, byContent }) => key.local && !byContent),
    fresh: ignoreCache || parts.some(({ key, byContent }) => key.fresh && !byContent),
    linkable,
    trusted: linkable && !parts.some(({ key, byContent }) => key.fresh && byContent),
  };
}
