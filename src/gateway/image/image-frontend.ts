import type { FrontendRequest, FrontendResult } from "../../frontend/index.ts";
import { CooperError, isCooperError, type Scope } from "../../kit/index.ts";
import { platformToWire } from "../../llb/index.ts";
import type { GatewayBridge, ProcessRequest } from "../contract.ts";
import { checkCapabilities } from "./capabilities.ts";
import { type FrontendImage, findImage } from "./find-image.ts";
import { frontendProcess } from "./frontend-process.ts";
import { ServedFrontend } from "./served-frontend.ts";

/** Where a frontend finds the definition of its own image. */
const metadataFolder = "/run/config/buildkit/metadata";

/**
 * `gateway.v0`: runs the frontend that is in the image of the option `source`, in a container of the build's, and answers it on its
 * standard input and output. Throws `gateway/no-source`, `gateway/unsupported-capability`, what the frontend returns as its error, and
 * `gateway/no-result`.
 */
export async function imageFrontend(
  request: FrontendRequest,
  bridge: GatewayBridge,
  workerId: string,
  scope: Scope,
): Promise<FrontendResult> {
  if (request.options["gateway-devel"] !== undefined) {
    throw new CooperError("gateway/no-source", "development gateway is no longer supported");
  }
  const source = request.options.source ?? "";
  if (source === "") throw new CooperError("gateway/no-source", "no source specified for gateway");
  const image = await findImage(source, request, bridge, scope);
  checkCapabilities(request, image);
  const worker = { id: workerId, platforms: bridge.workerPlatforms.map(platformToWire) };
  const frontend = new ServedFrontend({ ...bridge, inputs: request.inputs }, worker, scope);
  const { container, process } = await startIn(
    image,
    frontendProcess(request, image, bridge.sessionId, worker),
    bridge,
  );
  try {
    return await frontend.serve(process);
  } finally {
    // Its process has ended, or is not wanted any more: how it ended is known, and told, already.
    await container.release().catch(() => {});
  }
}

/** An image that says that it needs no network gets none, where that can be; where it cannot it still runs: nobody asked for it but the image. */
async function startIn(image: FrontendImage, process: ProcessRequest, bridge: GatewayBridge) {
  if (isTrue(image.labels["moby.buildkit.frontend.network.none"])) {
    try {
      return await started("none", image, process, bridge);
    } catch (error) {
      if (!isCooperError(error, "executor/no-namespaces")) throw error;
      image.scope.log(`the frontend image has this process's network: ${error.message}`);
    }
  }
  return await started("sandbox", image, process, bridge);
}

async function started(
  network: "none" | "sandbox",
  image: FrontendImage,
  process: ProcessRequest,
  bridge: GatewayBridge,
) {
  const ref = await bridge.solve({ definition: image.definition }, { evaluate: false }, image.scope);
  const container = await bridge.openContainer({
    mounts: [{ dest: "/", selector: "", readonly: false, type: { kind: "bind" }, ref: ref.id }],
    network,
    hostname: "",
    extraHosts: [],
    files: { target: metadataFolder, files: new Map([["frontend.bin", image.definition]]) },
  });
  try {
    return { container, process: await container.start(process) };
  } catch (error) {
    await container.release().catch(() => {});
    throw error;
  }
}

/** As Go reads a boolean. */
function isTrue(text: string | undefined): boolean {
  return ["1", "t", "T", "true", "TRUE", "True"].includes(text ?? "");
}
