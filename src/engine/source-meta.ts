import type { FrontendBridge, SourceMeta } from "../frontend/index.ts";
import { CooperError, prefixed } from "../kit/index.ts";
import { gitMetadata, httpMetadata } from "../ops/index.ts";
import type { BuildJob } from "./build-job.ts";
import type { Source } from "./source-policy/policy.ts";

/** The source that the build's policy wants for this one. Throws `engine/source-denied`. */
export function allowedSource({ policy }: BuildJob, source: Source): Source {
  if (policy === undefined) return source;
  try {
    return policy.evaluate(source);
  } catch (error) {
    throw prefixed("could not resolve image due to policy", error, "engine/bad-policy");
  }
}

type Resolve = NonNullable<FrontendBridge["resolveSourceMeta"]>;

/** What can be said of a git or http source without building with it: a line of progress of its own. */
export function resolveSourceMeta(
  job: BuildJob,
  asked: string,
  attrs: Readonly<Record<string, string>>,
  options: Parameters<Resolve>[2],
): Promise<SourceMeta> {
  const { identifier, attrs: map } = allowedSource(job, { identifier: asked, attrs: new Map(Object.entries(attrs)) });
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
