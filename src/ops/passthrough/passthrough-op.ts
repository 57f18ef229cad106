import { CooperError, sha256 } from "../../kit/index.ts";
import type { PassthroughOp } from "../../llb/index.ts";
import type { Op } from "../../solver/index.ts";
import type { OpScope, Ref } from "../contract.ts";

/** `PassthroughOp`: output i is input `outputs[i]`, once all inputs are done. */
export function passthroughOp(body: PassthroughOp): Op<Ref, OpScope> {
  return {
    recipe: async () => ({ digest: sha256(`passthrough ${body.outputs.join()}`), content: [], storable: true }),
    execute: async (inputs) =>
      body.outputs.map((index) => {
        const input = inputs[index];
        if (input !== undefined) return input;
        throw new CooperError("ops/bad-passthrough", `cannot pass input ${index} through: there are ${inputs.length}`);
      }),
  };
}
