import type { Scope } from "../../../kit/index.ts";
import { type BuiltDefinition, buildDefinition, type State } from "../../../llb/index.ts";
import { formatPlatformAll, type Platform } from "../../../oci/index.ts";
import type { FrontendBridge, FrontendRef, ResolvedImageConfig } from "../../contract.ts";

type ImageOptions = Parameters<FrontendBridge["resolveImageConfig"]>[1];

/** The bridge as the Dockerfile frontend uses it: states instead of bytes, and each image looked up once. */
export class Solver {
  readonly bridge: FrontendBridge;
  readonly scope: Scope;
  readonly #images = new Map<string, Promise<ResolvedImageConfig>>();

  constructor(bridge: FrontendBridge, scope: Scope) {
    this.bridge = bridge;
    this.scope = scope;
  }

  supports(capability: string): boolean {
    return this.bridge.capabilities?.has(capability) ?? true;
  }

  marshal(state: State, platform: Platform): BuiltDefinition {
    return buildDefinition(state, { platform, capabilities: { has: (id) => this.supports(id) } });
  }

  /** Asks for the definition's result; nothing need have run yet unless `evaluate`. */
  solve(definition: BuiltDefinition, evaluate = false): Promise<FrontendRef> {
    return this.bridge.solve({ definition: definition.bytes }, { evaluate }, this.scope);
  }

  readFile(ref: FrontendRef, path: string, limit?: number): Promise<Uint8Array> {
    return this.bridge.readFile(ref, path, this.scope, limit);
  }

  resolveImage(ref: string, options: ImageOptions): Promise<ResolvedImageConfig> {
    const { platform, mode, logName, ociLayout } = options;
    const key = JSON.stringify([ref, platform && formatPlatformAll(platform), mode, logName, ociLayout]);
    let found = this.#images.get(key);
    if (found === undefined) {
      found = this.bridge.resolveImageConfig(ref, options, this.scope);
      this.#images.set(key, found);
    }
    return found;
  }
}
