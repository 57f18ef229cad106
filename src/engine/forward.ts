import type { FrontendBridge, FrontendRequest, FrontendResult } from "../frontend/index.ts";
import { CooperError, type Scope } from "../kit/index.ts";
import { parseReference } from "../oci/index.ts";
import type { BuildJob } from "./build-job.ts";

/** Frontend images that speak the language that `dockerfile.v0` speaks here, by canonical repository. */
const builtIn = ["docker.io/docker/dockerfile", "docker.io/docker/dockerfile-upstream"];

/**
 * Runs a frontend for another one. A syntax directive asks for `gateway.v0` with an image: the Dockerfile images are answered by the
 * frontend that is built in, nothing is pulled; others are not supported yet.
 */
export async function forwardRequest(
  { parts }: BuildJob,
  name: string,
  request: FrontendRequest,
  bridge: FrontendBridge,
  scope: Scope,
): Promise<FrontendResult> {
  if (name !== "gateway.v0") return (await parts.frontend(name)).solve(request, bridge, scope);
  const source = request.options.source ?? "";
  if (source === "") throw new CooperError("engine/no-source", "no source specified for gateway");
  const { domain, path } = parseReference(source);
  if (!builtIn.includes(`${domain}/${path}`)) {
    throw new CooperError("engine/not-supported", `frontend image ${JSON.stringify(source)} is not supported yet`, {
      hint: "remove the syntax directive, or use docker/dockerfile",
    });
  }
  // `cmdline` tells the frontend that the directive was followed already.
  const options = { ...request.options, cmdline: request.options.cmdline ?? source };
  return (await parts.frontend("dockerfile.v0")).solve({ ...request, options }, bridge, scope);
}
