import type { ExportScope, ExportSource, NamedExporter } from "../export/index.ts";
import { type Scope, settleAll, withChildScope } from "../kit/index.ts";
import type { OpEvent } from "../ops/index.ts";
import type { OutputTarget } from "../session/index.ts";
import { askedAttestations, attestationWarning } from "./attestations.ts";
import type { BuildJob } from "./build-job.ts";

/** Runs all exporters at once, each as a line of progress; the first failure stops the others. Their responses together, the later one wins. */
export async function runExporters(
  exporters: readonly NamedExporter[],
  source: ExportSource,
  job: BuildJob,
  scope: Scope,
): Promise<Record<string, string>> {
  const attestations = askedAttestations(job.request.frontendOptions);
  const responses = await withChildScope(scope, (child, abort) =>
    settleAll(
      exporters.map((exporter, index) => () => {
        const target = job.session.output(index, job.request.exporters[index]?.type);
        return job.status.task(exporter.name, (emit, vertex) => {
          if (attestations.length > 0) job.status.warn(attestationWarning(vertex, attestations));
          return exportTo(target, job, child, (local) => exporter.export(source, local, exportScope(child, emit)));
        });
      }),
      abort,
    ),
  );
  return Object.assign({}, ...responses);
}

/** For a directory elsewhere, the tree is made in a folder of ours first. */
async function exportTo<T>(
  target: OutputTarget,
  job: BuildJob,
  scope: Scope,
  write: (target: OutputTarget) => Promise<T>,
): Promise<T> {
  if (target.kind !== "tree") return await write(target);
  await using folder = await job.parts.storage.temporaryFolder("output");
  const response = await write({ kind: "directory", path: folder.path });
  await target.send(folder.path, scope);
  return response;
}

function exportScope(scope: Scope, emit: (event: OpEvent) => void): ExportScope {
  return {
    ...scope,
    async task(id, work) {
      const started = Date.now();
      let last: { current: number; total?: number } = { current: 0 };
      const update = (current: number, total?: number) => {
        last = { current, ...(total !== undefined && { total }) };
        emit({ type: "status", id, ...last, started });
      };
      update(0);
      const value = await work(update);
      emit({ type: "status", id, ...last, started, completed: Date.now() });
      return value;
    },
  };
}
