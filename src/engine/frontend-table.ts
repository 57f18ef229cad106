import type { Frontend } from "../frontend/index.ts";
import { CooperError } from "../kit/index.ts";

/** The frontend of that name, loaded now. Throws `engine/unknown-frontend` with upstream's sentence. */
export async function openFrontend(name: string): Promise<Frontend> {
  if (name === "dockerfile.v0") return (await import("../frontend/index.ts")).dockerfileFrontend;
  throw new CooperError("engine/unknown-frontend", `invalid frontend: ${name}`, {
    hint: 'wanted "dockerfile.v0" or "gateway.v0"',
  });
}
