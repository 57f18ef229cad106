import { gatewayHandlers as handlersOf } from "../gateway/index.ts";
import { Code, firstOf, type Handler, rpcError, type types } from "../grpc/index.ts";
import type { Scope } from "../kit/index.ts";
import type { Init } from "../wire/index.ts";
import type { Builds } from "./builds.ts";

const buildId = "buildkit-controlapi-buildid";

/** The gateway for clients that run the frontend themselves: each call names its build in a header. */
export function gatewayHandlers(builds: Builds, worker: Init<types.WorkerRecord>, scope: Scope): readonly Handler[] {
  return handlersOf(
    async ({ metadata, signal }) => {
      const ref = firstOf(metadata, buildId);
      if (ref === undefined) throw rpcError(Code.INVALID_ARGUMENT, "no buildid found in context");
      const build = await builds.find(ref, signal);
      return {
        bridge: await build.bridge(signal),
        returns: (result) => build.returns(result),
        fails: (error) => build.fails(error),
      };
    },
    async () => worker,
    scope,
  );
}
