import { type FrontendRequest, loadNamedContext } from "../../frontend/index.ts";
import type { Scope } from "../../kit/index.ts";
import { buildDefinition, image as imageState, type State } from "../../llb/index.ts";
import {
  canonicalReference,
  formatReference,
  hostPlatform,
  type ImageConfig,
  parseImageConfig,
  parseReference,
  withDigest,
} from "../../oci/index.ts";
import type { GatewayBridge } from "../contract.ts";

/** A frontend's image: what is to be solved for its tree, and what its config says. */
export interface FrontendImage {
  readonly definition: Uint8Array;
  /** Undefined for a tree that is no image. */
  readonly digest: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly env: readonly string[];
  readonly args: readonly string[];
  readonly cwd: string;
  readonly scope: Scope;
}

/** The tree that the source stands for: a named context of that name, or an image. Throws what resolving throws. */
export async function findImage(
  source: string,
  request: FrontendRequest,
  bridge: GatewayBridge,
  scope: Scope,
): Promise<FrontendImage> {
  const named = await loadNamedContext(source, request, bridge, scope);
  if (named !== undefined) return described(named.state, named.image, undefined, bridge, scope);
  const name = canonicalReference(source);
  const logName = `resolve image config for docker-image://${name}`;
  const found = await bridge.resolveImageConfig(name, { mode: "default", logName }, scope);
  const pinned = formatReference(withDigest(parseReference(found.ref), found.digest));
  return described(imageState(pinned, {}), parseImageConfig(found.config), found.digest, bridge, scope);
}

function described(
  state: State,
  image: ImageConfig | undefined,
  digest: string | undefined,
  bridge: GatewayBridge,
  scope: Scope,
): FrontendImage {
  const platform = bridge.workerPlatforms[0] ?? hostPlatform();
  const { env = [], entrypoint, workingDir, labels = {} } = image?.config ?? {};
  return {
    definition: buildDefinition(state, { platform }).bytes,
    digest,
    labels,
    env,
    args: entrypoint ?? ["/run"],
    cwd: workingDir || "/",
    scope,
  };
}
