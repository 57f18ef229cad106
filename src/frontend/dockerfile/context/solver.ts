import type { Scope } from "../../../kit/index.ts";
import { type BuiltDefinition, buildDefinition, type State } from "../../../llb/index.ts";
import { formatPlatformAll, formatReference, type Platform, parseReference } from "../../../oci/index.ts";
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
      found = this.#resolve(ref, options);
      this.#images.set(key, found);
    }
    return found;
  }

  /** Whoever asks by tag is answered by tag, beside the digest: upstream's ops of named contexts have no digest. */
  async #resolve(ref: string, options: ImageOptions): Promise<ResolvedImageConfig> {
    const found = await this.bridge.resolveImageConfig(ref, options, this.scope);
    if (parseReference(ref).digest !== undefined) return found;
    const { digest: _, ...tagged } = parseReference(found.ref);
    return { ...found, ref: formatReference(tagged) };
  }
}
