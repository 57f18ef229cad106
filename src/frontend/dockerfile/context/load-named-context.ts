import type { Scope } from "../../../kit/index.ts";
import { hostPlatform } from "../../../oci/index.ts";
import type { FrontendBridge, FrontendRequest } from "../../contract.ts";
import { findNamedContext, type LoadedContext } from "./named-context.ts";
import { Solver } from "./solver.ts";

/** The named context of a request, for whoever is no Dockerfile: frontend images may be given as one. Undefined when there is none. */
export async function loadNamedContext(
  name: string,
  request: FrontendRequest,
  bridge: FrontendBridge,
  scope: Scope,
): Promise<LoadedContext | undefined> {
  const platform = bridge.workerPlatforms[0] ?? hostPlatform();
  const sessionIdOf = (local: string) => request.options[`local-sessionid:${local}`] ?? bridge.sessionId;
  const world = { ...request, platform, solver: new Solver(bridge, scope), sessionIdOf };
  const options = { platform: undefined, resolveMode: "default", paths: () => undefined } as const;
  return findNamedContext(world, name, options)?.load();
}
