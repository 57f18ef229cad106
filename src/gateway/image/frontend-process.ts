import type { FrontendRequest } from "../../frontend/index.ts";
import type { types } from "../../grpc/index.ts";
import type { Init } from "../../wire/index.ts";
import type { ProcessRequest } from "../contract.ts";
import type { FrontendImage } from "./find-image.ts";

/** The process of a frontend image. It is root whatever the image's user, and hears of its build by its environment: upstream's way. */
export function frontendProcess(
  { options }: FrontendRequest,
  image: FrontendImage,
  sessionId: string,
  worker: Init<types.WorkerRecord>,
): ProcessRequest {
  const passed = Object.entries(options).map(
    ([name, value], index) => `BUILDKIT_FRONTEND_OPT_${index}=${name}=${value}`,
  );
  return {
    args: image.args,
    env: [
      ...image.env,
      ...passed,
      `BUILDKIT_SESSION_ID=${sessionId}`,
      `BUILDKIT_WORKERS=${JSON.stringify([workerInfo(worker)])}`,
      "BUILDKIT_EXPORTEDPRODUCT=buildkit",
    ],
    secretEnv: [],
    cwd: image.cwd,
    user: "",
    security: "sandbox",
    removeMountStubs: true,
    stdin: true,
  };
}

/** Go's `client.WorkerInfo`. */
function workerInfo({ id, labels, platforms, buildkitVersion }: Init<types.WorkerRecord>) {
  const { package: name, version, revision } = buildkitVersion ?? {};
  return {
    id,
    labels: Object.fromEntries(labels ?? []),
    platforms: (platforms ?? []).map(({ os, architecture, variant, osVersion }) => ({
      architecture,
      os,
      ...(osVersion && { "os.version": osVersion }),
      ...(variant && { variant }),
    })),
    gcPolicy: null,
    buildkitVersion: { package: name ?? "", version: version ?? "", revision: revision ?? "" },
    cdiDevices: null,
  };
}
