import type { ContainerSpec } from "../contract.ts";
import { plainStep } from "./plain-step.ts";

/** A container that asks for nothing special, of the same kind as `plainStep`. */
export function plainContainer(rootfs: string): ContainerSpec {
  const { args: _a, env: _e, cwd: _c, user: _u, security: _s, removeMountStubs: _r, ...spec } = plainStep(rootfs, []);
  return spec;
}
