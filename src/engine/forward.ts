import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FrontendRequest, FrontendResult } from "../frontend/index.ts";
import type { GatewayBridge } from "../gateway/index.ts";
import { CooperError, type Scope } from "../kit/index.ts";
import { familiarReference, parseReference } from "../oci/index.ts";
import type { BuildJob } from "./build-job.ts";

/** Frontend images that speak the language that `dockerfile.v0` speaks here, by canonical repository. */
const builtIn = ["docker.io/docker/dockerfile", "docker.io/docker/dockerfile-upstream"];

/** The bridge for a frontend that is asked that: what it asks in turn is remembered as its own. */
export type BridgeFor = (frontend: string, request: FrontendRequest) => GatewayBridge;

/**
 * Runs a frontend for another one, or for a client. `gateway.v0` is the frontend in the image of the option `source`; the Dockerfile
 * images are answered by the frontend that is built in, and nothing is pulled.
 */
export async function forwardRequest(
  job: BuildJob,
  name: string,
  request: FrontendRequest,
  bridgeFor: BridgeFor,
  scope: Scope,
): Promise<FrontendResult> {
  const { parts } = job;
  parts.allowFrontend(name, request.options.source ?? "");
  if (name !== "gateway.v0") return (await parts.frontend(name)).solve(request, bridgeFor(name, request), scope);
  const source = request.options.source ?? "";
  if (source === "") throw new CooperError("engine/no-source", "no source specified for gateway");
  if (isBuiltIn(source) && !isGiven(source, request.options)) {
    // `cmdline` tells the frontend that the directive was followed already.
    const { source: _, ...own } = request.options;
    const told = { ...request, options: own };
    const options = { ...request.options, cmdline: request.options.cmdline ?? source };
    const bridge = bridgeFor("dockerfile.v0", told);
    return (await parts.frontend("dockerfile.v0")).solve({ ...request, options }, bridge, scope);
  }
  job.member.keepsFailures = true;
  const { imageFrontend } = await import("../gateway/index.ts");
  return imageFrontend(request, bridgeFor(name, request), await workerId(parts.storage.root), scope);
}

function isBuiltIn(source: string): boolean {
  if (source === "dockerfile.v0") return true;
  const { domain, path } = parseReference(source);
  return builtIn.includes(`${domain}/${path}`);
}

/** Whether a named context stands for the image. */
function isGiven(source: string, options: FrontendRequest["options"]): boolean {
  const name = familiarReference(parseReference(source)).replace(/:latest$/, "");
  return Object.keys(options).some((key) => key === `context:${name}` || key.startsWith(`context:${name}::`));
}

/** The name of the daemon that had this root last. */
async function workerId(root: string): Promise<string> {
  const known = await readFile(join(root, "workerid"), "utf8").catch(() => "");
  return known === "" ? "local" : known;
}
