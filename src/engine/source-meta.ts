import type { FrontendBridge, SourceMeta } from "../frontend/index.ts";
import { CooperError } from "../kit/index.ts";
import { gitMetadata, httpMetadata } from "../ops/index.ts";
import type { BuildJob } from "./build-job.ts";

type Resolve = NonNullable<FrontendBridge["resolveSourceMeta"]>;

/** What can be said of a git or http source without building with it: a line of progress of its own. */
export function resolveSourceMeta(
  job: BuildJob,
  identifier: string,
  attrs: Readonly<Record<string, string>>,
  options: Parameters<Resolve>[2],
): Promise<SourceMeta> {
  const map = new Map(Object.entries(attrs));
  const { answers } = job;
  const { storage } = job.parts;
  return job.status.task(options.logName, async (emit) => {
    const scope = job.scope(emit);
    if (identifier.startsWith("git://")) {
      return {
        identifier,
        git: await gitMetadata(identifier, map, options.gitObject ?? false, storage, answers, scope),
      };
    }
    if (/^https?:\/\//.test(identifier))
      return { identifier, http: await httpMetadata(identifier, map, storage, answers, scope) };
    throw new CooperError("engine/not-supported", `metadata of source ${JSON.stringify(identifier)} is not supported`);
  });
}
