import type { DefinitionVertex } from "../../llb/index.ts";
import type { Op } from "../../solver/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import type { PortableTools } from "./portable-key.ts";

/** The vertex's name for builders of other kinds, once somebody asks. */
export function portableKeyOf(
  vertex: DefinitionVertex,
  tools: PortableTools,
): NonNullable<Op<Ref, OpScope>["portable"]> {
  return async (scope) => {
    const { portableKey } = await import("./portable-key.ts");
    return portableKey(vertex, tools, scope);
  };
}
