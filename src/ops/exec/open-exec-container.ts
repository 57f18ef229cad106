import type { OpScope, Ref } from "../contract.ts";
import type { ExecContainer, ExecContainerSpec } from "./exec-container.ts";
import type { ExecTools } from "./exec-op.ts";

/**
 * Opens a container on trees that are here (as for `execOp`), in which processes are started one by one. Dispose of it in any case.
 * Throws what an exec's mounts throw. What it needs loads now.
 */
export async function openExecContainer(
  spec: ExecContainerSpec,
  inputs: readonly Ref[],
  tools: ExecTools,
  scope: OpScope,
): Promise<ExecContainer> {
  const { execContainer } = await import("./exec-container.ts");
  return execContainer(spec, inputs, tools, scope);
}
