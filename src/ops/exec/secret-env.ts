import { CooperError } from "../../kit/index.ts";
import type { SecretEnv } from "../../llb/index.ts";
import type { OpScope } from "../contract.ts";

/** `NAME=value` for each; an optional one that nobody has is empty, as upstream has it. Throws `ops/no-secret`. */
export async function secretEnv(wanted: readonly SecretEnv[], scope: OpScope): Promise<string[]> {
  const env: string[] = [];
  for (const { id, name, optional } of wanted) {
    if (id === "") throw new CooperError("ops/no-secret", `secret ID missing for "${name}" environment variable`);
    const value = await findSecret(id, scope);
    if (value === undefined && !optional) throw noSecret(id);
    env.push(`${name}=${value === undefined ? "" : Buffer.from(value).toString()}`);
  }
  return env;
}

/** The first caller's that has it. */
export async function findSecret(id: string, scope: OpScope): Promise<Uint8Array | undefined> {
  for (const caller of scope.callers) {
    const value = await caller.secret(id, scope);
    if (value !== undefined) return value;
  }
  return undefined;
}

export function noSecret(id: string): CooperError {
  return new CooperError("ops/no-secret", `secret ${id}: not found`, {
    hint: `give it with --secret id=${id},src=FILE or --secret id=${id},env=NAME`,
  });
}
