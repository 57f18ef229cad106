import type { Executor } from "../../executor/index.ts";
import { CooperError } from "../../kit/index.ts";
import type { ExecOp, LinuxResources } from "../../llb/index.ts";
import type { Platform } from "../../oci/index.ts";
import type { Authority } from "../../proxy/index.ts";
import type { Op } from "../../solver/index.ts";
import type { Storage } from "../../storage/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import type { DeviceRegistry } from "./cdi/device-registry.ts";
import { execRecipe } from "./exec-recipe.ts";

export interface ExecTools {
  readonly storage: Storage;
  /** Asked for when something must be run: a build whose results are stored makes no executor. */
  readonly executor: () => Promise<Executor>;
  /** Devices that files register on this machine; absent: there are device files only. */
  readonly devices?: DeviceRegistry | undefined;
  /** Who vouches for hosts in steps behind the builder's proxy; absent: there can be none. */
  readonly proxies?: (() => Promise<Authority>) | undefined;
  /** A socket on this machine by which processes of steps send spans; absent: they cannot. */
  readonly traceSocket?: string | undefined;
}

/** What the vertex says beside its body. */
export interface ExecVertex {
  readonly inputCount: number;
  readonly platform?: Platform;
  /** From the vertex's metadata: not part of its identity. */
  readonly limits?: LinuxResources;
}

/**
 * `ExecOp`: runs a process on the trees of its inputs; its outputs are the trees that it may change. Inputs must be here already
 * (`scratch`, `snapshot`, or a `folder` for mounts). A process that fails throws `ops/exec-failed` with upstream's sentence and the
 * details `{ kind: "exit", code }`; then nothing that it wrote is kept, except in cache mounts. Throws `ops/bad-exec` at once for a
 * body that makes no sense.
 */
export function execOp(body: ExecOp, vertex: ExecVertex, tools: ExecTools): Op<Ref, OpScope> {
  checkBody(body, vertex.inputCount);
  return {
    recipe: async () => execRecipe(body, vertex, tools.storage),
    execute: async (inputs, scope) => {
      const { runExec } = await import("./run-exec.ts");
      return runExec(body, vertex, tools, inputs, scope);
    },
  };
}

function checkBody(body: ExecOp, inputCount: number): void {
  const bad = (what: string) => new CooperError("ops/bad-exec", what);
  if (body.meta.args.length === 0) throw bad("invalid exec op with no args");
  if (body.mounts.length === 0) throw bad("invalid exec op with no mounts");
  if (!body.mounts.some((mount) => mount.dest === "/")) throw bad("invalid exec op with no rootfs");
  for (const mount of body.mounts) {
    if (mount.dest === "/" && mount.type.kind !== "bind") {
      throw bad(`invalid mount type ${mount.type.kind.toUpperCase()} for /`);
    }
    if (mount.input !== undefined && mount.input >= inputCount) throw bad(`missing input ${mount.input}`);
  }
}
