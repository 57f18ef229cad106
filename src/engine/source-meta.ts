import type { FrontendBridge, SourceMeta } from "../frontend/index.ts";
import { CooperError, prefixed } from "../kit/index.ts";
import type { Platform } from "../oci/index.ts";
import { gitMetadata, httpMetadata } from "../ops/index.ts";
import type { BuildJob } from "./build-job.ts";
import type { SourceSpec } from "./contract.ts";
import type { SourceCheck } from "./source-policy/source-check.ts";

/** The source that may be used for this one. Throws `engine/source-denied`. */
export async function allowedSource(
  check: SourceCheck | undefined,
  source: SourceSpec,
  platform?: Platform,
): Promise<SourceSpec> {
  if (check === undefined) return source;
  try {
    return await check(source, platform);
  } catch (error) {
    throw prefixed("could not resolve image due to policy", error, "engine/bad-policy");
  }
}

type Resolve = NonNullable<FrontendBridge["resolveSourceMeta"]>;

/** What can be said of a git or http source without building with it: a line of progress of its own. */
export async function resolveSourceMeta(
  job: BuildJob,
  check: SourceCheck | undefined,
  asked: string,
  attrs: Readonly<Record<string, string>>,
  options: Parameters<Resolve>[2],
): Promise<SourceMeta> {
  const source = { identifier: asked, attrs: new Map(Object.entries(attrs)) };
  const { identifier, attrs: map } = await allowedSource(check, source);
  const { answers } = job;
  const { storage, registry } = job.parts;
  return job.status.task(options.logName, async (emit) => {
    const scope = job.scope(emit);
    if (identifier.startsWith("git://")) {
      return {
        identifier,
        git: await gitMetadata(identifier, map, options.gitObject ?? false, storage, answers, scope, registry),
      };
    }
    if (/^https?:\/\//.test(identifier))
      return {
        identifier,
        http: await httpMetadata(identifier, map, options.httpChecksum, storage, answers, scope),
      };
    throw new CooperError("engine/not-supported", `metadata of source ${JSON.stringify(identifier)} is not supported`);
  });
}
