import { accessSync, constants } from "node:fs";
import type { Isolation } from "../executor/index.ts";
import { startedAgain } from "../kit/index.ts";
import { hasAllRights } from "../sys/index.ts";
import type { EngineOptions } from "./contract.ts";
import type { JobStatus } from "./job-status.ts";

/**
 * Takes a way of isolation for this process (docs/isolation.md), `asked` or by trying. It may start this process again in a user namespace:
 * to be called before anything is read from standard input or written. `runtime`: the one that was named, or empty. With all rights it costs 0.1 ms and loads nothing. Throws
 * `executor/bad-isolation`, `executor/no-isolation`.
 */
export async function takeIsolation(asked: string, env: NodeJS.ProcessEnv, runtime: string): Promise<Isolation> {
  const usual = asked === "auto" && startedAgain(env) === undefined && hasAllRights();
  if (usual && (runtime !== "" || hasRuntime(env.PATH ?? ""))) return { rung: "oci", why: [] };
  const { isolate } = await import("../executor/index.ts");
  return isolate(asked, env, runtime);
}

/** As the executor will find it, which is not to be loaded for that. */
function hasRuntime(path: string): boolean {
  const folders = path.split(":").filter((folder) => folder.startsWith("/"));
  return folders.some((folder) => ["runc", "crun", "buildkit-runc"].some((name) => isExecutable(`${folder}/${name}`)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Without mounts a tree is a folder of its own; an explicit choice of the user's stands. */
export function snapshotterFor({ snapshotter, isolation }: EngineOptions): string {
  const free = snapshotter === "" || snapshotter === "auto";
  return free && isolation?.rung === "chroot" ? "native" : snapshotter;
}

const meaning: Readonly<Record<Isolation["rung"], string>> = {
  oci: "steps run in containers",
  rootless: "steps run in containers inside of a user namespace",
  chroot:
    "steps run with chroot alone: they are not isolated from this pod's processes and network, nor from each other",
  "no-exec": "nothing is run: RUN fails, everything else is built",
};

/** Says which way was taken and why, first of all; nothing where it is the usual one and nobody asked. */
export async function tellIsolation(isolation: Isolation | undefined, status: JobStatus): Promise<void> {
  if (isolation === undefined || (isolation.rung === "oci" && isolation.why.length === 0)) return;
  await status.task(`[internal] isolation: ${isolation.rung}`, async (emit) => {
    const lines = [meaning[isolation.rung], ...isolation.why];
    emit({ type: "log", stream: 2, data: Buffer.from(lines.map((line) => `${line}\n`).join("")) });
  });
}
