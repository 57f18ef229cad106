import { formatReference, parseReference } from "../../oci/index.ts";

/** A repository of a registry that is given by host alone: nobody has it, and the answer tells that. */
const anyRepository = "cooper/doctor";

/** The image to ask a registry for: `HOST`, `HOST/REPOSITORY` and `HOST/REPOSITORY:TAG` are all taken. */
export function imageIn(registry: string): string {
  const isHost = !registry.includes("/");
  return formatReference(parseReference(isHost ? `${registry}/${anyRepository}` : registry));
}

/** The registry's host. */
export function hostOf(registry: string): string {
  return imageIn(registry).split("/", 1)[0] ?? registry;
}
