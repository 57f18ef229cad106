import { parseTarget, type Target } from "./target.ts";

/**
 * The repository to mount a blob from: on the same host, not the target itself, with the longest common path (most likely
 * readable with the same rights); among equals the last. Undefined when there is none.
 */
export function bestMount(target: Target, names: readonly string[]): string | undefined {
  let best: { repository: string; common: number } | undefined;
  for (const name of names) {
    const source = tryParse(name);
    if (source === undefined || source.host !== target.host || source.repository === target.repository) continue;
    const common = commonParts(target.repository, source.repository);
    if (best === undefined || common >= best.common) best = { repository: source.repository, common };
  }
  return best?.repository;
}

/** Names come from records of earlier builds (also `oci-layout:…`): what is no registry name is no candidate. */
function tryParse(name: string): Target | undefined {
  try {
    return parseTarget(name);
  } catch {
    return undefined;
  }
}

function commonParts(a: string, b: string): number {
  const others = b.split("/");
  const parts = a.split("/");
  const differs = parts.findIndex((part, index) => part !== others[index]);
  return differs < 0 ? parts.length : differs;
}
