import { CooperError } from "../kit/index.ts";
import { parseReference, repositoryName } from "../oci/index.ts";
import type { FrontendOptions } from "./contract.ts";

/** Refuses frontends that the daemon's options switch off, and images that they do not list. `source` is the image of `gateway.v0`. */
export type AllowFrontend = (name: string, source: string) => void;

/** Upstream's sentences. Throws `engine/unknown-frontend`, `engine/source-not-allowed`, `oci/bad-reference`. */
export function frontendRules(options: FrontendOptions | undefined): AllowFrontend {
  const { disabled = [], allowedRepositories = [] } = options ?? {};
  const allowed = allowedRepositories.map((name) => repositoryName(parseReference(name)));
  return (name, source) => {
    if (disabled.includes(name)) throw new CooperError("engine/unknown-frontend", `invalid frontend: ${name}`);
    if (name !== "gateway.v0" || source === "" || allowed.length === 0) return;
    if (allowed.includes(repositoryName(parseReference(source)))) return;
    throw new CooperError("engine/source-not-allowed", `'${source}' is not an allowed gateway source`);
  };
}
