import { CooperError } from "../../kit/index.ts";
import type { FileOp, InputIndex } from "../../llb/index.ts";
import type { Op } from "../../solver/index.ts";
import type { Storage } from "../../storage/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import { fileRecipe, type SeenInputs } from "./file-recipe.ts";

/**
 * `FileOp`: changes trees by a chain of actions (copy, make file, make directory, remove, link). Inputs must be here already
 * (`scratch`, `snapshot`, or a `folder`, which is read in place). Throws `ops/bad-file-op` at once for a body that makes no sense;
 * while it works `ops/file-failed` and `ops/path-not-found` with upstream's sentences, `storage/no-space`, `ops/bad-mode`.
 */
export function fileOp(body: FileOp, inputCount: number, storage: Storage): Op<Ref, OpScope> {
  checkBody(body, inputCount);
  const seen: SeenInputs = new Map();
  return {
    recipe: async () => fileRecipe(body, inputCount, storage, seen),
    execute: async (inputs, scope) => {
      // A build whose results are stored does not load what makes them.
      const { runActions } = await import("./run-actions.ts");
      try {
        return await runActions(body, inputs, storage, scope, seen);
      } finally {
        seen.clear();
      }
    },
  };
}

function checkBody(body: FileOp, inputCount: number): void {
  if (body.actions.length === 0) throw bad("invalid file op with no actions");
  const outputs = new Set<number>();
  for (const [index, step] of body.actions.entries()) {
    const limit = inputCount + index;
    if (!isBefore(step.input, limit)) throw bad(`invalid input index ${step.input}, ${limit} provided`);
    if (!isBefore(step.secondaryInput, limit)) {
      throw bad(`invalid secondary input index ${step.secondaryInput}, ${limit} provided`);
    }
    if (step.output === undefined) continue;
    if (outputs.has(step.output)) throw bad(`duplicate output ${step.output}`);
    outputs.add(step.output);
  }
  if (outputs.size === 0) throw bad("no outputs specified");
  for (let index = 0; index < outputs.size; index++) {
    if (!outputs.has(index)) throw bad(`missing output index ${index}`);
  }
}

/** An action may use only what comes before it, so nothing can go in circles. */
function isBefore(index: InputIndex, limit: number): boolean {
  return index === undefined || index < limit;
}

function bad(message: string): CooperError {
  return new CooperError("ops/bad-file-op", message);
}
