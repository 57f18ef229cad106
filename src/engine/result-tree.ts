import type { ExportTree } from "../export/index.ts";
import type { Ref } from "../ops/index.ts";
import type { BuildJob } from "./build-job.ts";
import { exportTree } from "./export-tree.ts";
import type { EngineEdge } from "./graph.ts";

/** An edge's result as exporters can have it. Runs what it needs; undefined is the empty tree. */
export async function resultTree(job: BuildJob, edge: EngineEdge | undefined): Promise<ExportTree> {
  return exportTree(await exportable(job, edge), job.parts.storage.snapshots);
}

/** A caller's folder becomes a tree of its own, so that it can leave. */
async function exportable(job: BuildJob, edge: EngineEdge | undefined): Promise<Ref> {
  const ref = await job.result(edge);
  if (ref.kind === "layers" && edge !== undefined) {
    for (const { descriptor } of ref.layers) job.member.layerVertices.set(descriptor.digest, edge.vertex.digest);
  }
  if (ref.kind !== "folder") return ref;
  if (!mayLeave(job)) return { kind: "scratch" };
  const id = await job.materialise(ref, edge);
  return id === undefined ? { kind: "scratch" } : { kind: "snapshot", id };
}

/** Without an exporter nobody would read the copy of a folder. */
function mayLeave({ request: { exporters, chooseExporters, cacheExports } }: BuildJob): boolean {
  return exporters.length > 0 || chooseExporters !== undefined || cacheExports.length > 0;
}
