import type { ExportScope, ExportSource, NamedExporter } from "../export/index.ts";
import { type Scope, settleAll, withChildScope } from "../kit/index.ts";
import type { OpEvent } from "../ops/index.ts";
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
        const target = job.session.output(index);
        return job.status.task(exporter.name, (emit, vertex) => {
          if (attestations.length > 0) job.status.warn(attestationWarning(vertex, attestations));
          return exporter.export(source, target, exportScope(child, emit));
        });
      }),
      abort,
    ),
  );
  return Object.assign({}, ...responses);
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
