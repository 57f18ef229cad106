import type { ExportScope, ExportSource, NamedExporter } from "../export/index.ts";
import { type Digest, nowAndThen, type Scope, settleAll, withChildScope } from "../kit/index.ts";
import type { OpEvent } from "../ops/index.ts";
import type { OutputTarget } from "../session/index.ts";
import type { BuildJob } from "./build-job.ts";
import type { ExporterRequest } from "./contract.ts";
import { platformWarnings, resultPlatforms } from "./platform-check.ts";

/**
 * Runs all exporters at once, each as a line of progress; the first failure stops the others. Their responses in order. The
 * first one's line also has the warnings about the result's platforms.
 */
export async function runExporters(
  exporters: readonly NamedExporter[],
  requests: readonly ExporterRequest[],
  source: ExportSource,
  job: BuildJob,
  scope: Scope,
): Promise<readonly Readonly<Record<string, string>>[]> {
  const warnings = oddPlatforms(source, job);
  if (exporters.length === 0 && warnings.length > 0) {
    await job.status.task("Verifying build result", async (_, vertex) => warnAll(job, vertex, warnings));
  }
  return withChildScope(scope, (child, abort) =>
    settleAll(
      exporters.map((exporter, index) => () => {
        const target = job.session.output(index, requests[index]);
        return job.status.task(exporter.name, (emit, vertex) => {
          if (index === 0) warnAll(job, vertex, warnings);
          return exportTo(target, job, child, (local) => exporter.export(source, local, exportScope(child, emit)));
        });
      }),
      abort,
    ),
  );
}

function oddPlatforms(source: ExportSource, job: BuildJob): readonly string[] {
  const platforms = resultPlatforms(source);
  if (platforms === undefined) return [];
  const several = source.images.some(({ platform }) => platform !== undefined);
  return platformWarnings(job.request.frontendOptions.platform, platforms, several);
}

function warnAll(job: BuildJob, vertex: Digest, sentences: readonly string[]): void {
  for (const sentence of sentences) {
    job.status.warn({ vertex, level: 0, short: Buffer.from(sentence), detail: [], url: "", range: [] });
  }
}

/** For a directory elsewhere, the tree is made in a folder of ours first, unless the exporter sends it from where it is. */
async function exportTo<T>(
  target: OutputTarget,
  job: BuildJob,
  scope: Scope,
  write: (target: OutputTarget) => Promise<T>,
): Promise<T> {
  if (target.kind !== "tree") return await write(target);
  await using folder = await job.parts.storage.temporaryFolder("output");
  const { sendTree } = target;
  let sent = false;
  const direct: typeof sendTree = async (tree, child) => {
    sent = true;
    await sendTree?.(tree, child);
  };
  const response = await write({ kind: "directory", path: folder.path, ...(sendTree && { sendTree: direct }) });
  if (!sent) await target.send(folder.path, scope);
  return response;
}

/** A scope for an exporter: its tasks are lines below that of a vertex. */
export function exportScope(scope: Scope, emit: (event: OpEvent) => void): ExportScope {
  return {
    ...scope,
    async task(id, work) {
      const started = Date.now();
      let last: { current: number; total?: number } = { current: 0 };
      const tell = nowAndThen(() => emit({ type: "status", id, ...last, started }));
      const update = (current: number, total?: number) => {
        last = { current, ...(total !== undefined && { total }) };
        tell();
      };
      update(0);
      const value = await work(update);
      emit({ type: "status", id, ...last, started, completed: Date.now() });
      return value;
    },
  };
}
