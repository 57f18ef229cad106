import { hostPlatform } from "../../oci/index.ts";
import type { Invocation } from "../../provenance/index.ts";
import type { BuildJob } from "../build-job.ts";

/** The version of the Dockerfile's language that the built-in frontend has. */
const dockerfileVersion = "1.26.0-dev";
/** Upstream's number for "as the newest version does it". */
const currentVersion = 30;

/** The build, for its provenance. The first one who asks fixes the time of its end. */
export async function invocationOf(job: BuildJob): Promise<Invocation> {
  const { id, started, finished } = job.clock;
  const environment = await job.parts.provenanceEnvironment();
  return {
    ...{ id, started, finished, dockerfileVersion, environment },
    builderPlatform: hostPlatform(),
    compatibilityVersion: job.request.compatibilityVersion ?? currentVersion,
  };
}
