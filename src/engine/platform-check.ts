import type { ExportSource } from "../export/index.ts";
import { messageOf } from "../kit/index.ts";
import { formatPlatformAll, hostPlatform, normalizePlatform, type Platform, parsePlatform } from "../oci/index.ts";

/**
 * What is odd about the platforms of a result: sentences for warnings, upstream's. `wanted` is the frontend option
 * `platform`, `got` the platforms of the result, `several` whether it was returned by platform.
 */
export function platformWarnings(
  wanted: string | undefined,
  got: readonly Platform[],
  several: boolean,
): readonly string[] {
  const names = wanted?.split(",") ?? [formatPlatformAll(hostPlatform())];
  const { asked, mistakes } = readWanted(names);
  if (mistakes.length > 0) return mistakes;
  const present = new Set(got.map((platform) => formatPlatformAll(normalizePlatform(platform))));
  if (asked.size === 1 && got.length === 1) return differs(names[0] ?? "", asked, got[0] as Platform);
  if (!several && asked.size > 1) return ["Multiple platforms requested but result is not multi-platform"];
  if (asked.size === got.length && [...present].every((name) => asked.has(name))) return [];
  const list = (set: ReadonlySet<string>) => [...set].sort().join(",");
  return [`Requested platforms ${list(asked)} do not match result platforms ${list(present)}`];
}

/** The platforms of a result, or undefined for one that nothing can be said of. */
export function resultPlatforms(source: ExportSource): readonly Platform[] | undefined {
  const several = source.images.flatMap(({ platform }) => platform ?? []);
  if (several.length > 0) return several;
  if (!source.metadata.has("refs.platforms") && source.images.every(({ tree }) => tree.layers.length === 0)) {
    return undefined;
  }
  const config = source.metadata.get("containerimage.config");
  return [config === undefined ? hostPlatform() : statedPlatform(config)];
}

/** A config that cannot be read is the exporter's to complain about. */
function statedPlatform(config: Uint8Array): Platform {
  try {
    const { os, architecture, variant } = JSON.parse(Buffer.from(config).toString());
    if (typeof os !== "string" || typeof architecture !== "string") return hostPlatform();
    return { os, architecture, ...(typeof variant === "string" && { variant }) };
  } catch {
    return hostPlatform();
  }
}

function readWanted(names: readonly string[]) {
  const asked = new Set<string>();
  const mistakes: string[] = [];
  for (const name of names) {
    try {
      const formatted = formatPlatformAll(normalizePlatform(parsePlatform(name)));
      if (asked.has(formatted)) mistakes.push(`Duplicate platform result requested ${JSON.stringify(name)}`);
      asked.add(formatted);
    } catch (error) {
      mistakes.push(`Invalid platform result requested ${JSON.stringify(name)}: ${messageOf(error)}`);
    }
  }
  return { asked, mistakes };
}

/** A result may know its OS version where the request says none. */
function differs(name: string, asked: ReadonlySet<string>, platform: Platform): readonly string[] {
  const { osVersion: _, ...plain } = normalizePlatform(platform);
  const full = formatPlatformAll(normalizePlatform(platform));
  if (asked.has(full) || asked.has(formatPlatformAll(plain))) return [];
  return [`Requested platform ${JSON.stringify(name)} does not match result platform ${JSON.stringify(full)}`];
}
