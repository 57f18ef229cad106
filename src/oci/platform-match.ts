import { normalizePlatform, type Platform } from "./platform.ts";

/** True when both are the same platform after normalisation; no sub-variants (`platforms.OnlyStrict`). */
export function samePlatform(wanted: Platform, offered: Platform): boolean {
  return rankOf([normalizePlatform(wanted)], normalizePlatform(offered)) >= 0;
}

/**
 * The candidate that suits `wanted` best, or undefined when none runs there: the same platform or an older variant of it that the processor
 * still runs (containerd `platforms.Only`: arm/v7 takes v6 and v5, amd64/v3 takes v2 and v1 and 386). Nearest variant first, then the one that
 * uses most of the wanted OS features, then the first in the list.
 */
export function bestMatch<T>(
  wanted: Platform,
  candidates: readonly T[],
  platformOf: (candidate: T) => Platform,
): T | undefined {
  const ladder = compatible(normalizePlatform(wanted));
  let best: { candidate: T; rank: number; features: number } | undefined;
  for (const candidate of candidates) {
    const offered = normalizePlatform(platformOf(candidate));
    const rank = rankOf(ladder, offered);
    if (rank < 0) continue;
    const features = offered.osFeatures?.length ?? 0;
    const better = best === undefined || rank < best.rank || (rank === best.rank && features > best.features);
    if (better) best = { candidate, rank, features };
  }
  return best?.candidate;
}

function rankOf(ladder: readonly Platform[], offered: Platform): number {
  return ladder.findIndex(
    (step) =>
      step.os === offered.os &&
      step.architecture === offered.architecture &&
      (step.variant ?? "") === (offered.variant ?? "") &&
      versionFits(step, offered) &&
      featuresFit(step, offered),
  );
}

/** Windows images are tied to the host's build number (10.0.BUILD); a missing version fits all. */
function versionFits(wanted: Platform, offered: Platform): boolean {
  if (wanted.os !== "windows" || !wanted.osVersion || !offered.osVersion) return true;
  const build = (version: string) => version.split(".").slice(0, 3).join(".");
  return build(wanted.osVersion) === build(offered.osVersion);
}

function featuresFit(wanted: Platform, offered: Platform): boolean {
  if (wanted.os === "windows") return true;
  return (offered.osFeatures ?? []).every((feature) => wanted.osFeatures?.includes(feature));
}

/** What runs on a platform, best first. */
function compatible(platform: Platform): Platform[] {
  switch (platform.architecture) {
    case "amd64":
      return [platform, ...lowerVariants(platform, 1), { ...without(platform), architecture: "386" }];
    case "arm":
      return [platform, ...lowerVariants(platform, 5)];
    case "arm64":
      return arm64Ladder(platform);
    default:
      return [platform];
  }
}

function lowerVariants(platform: Platform, lowest: number): Platform[] {
  const version = Number(/^v?(\d{1,3})$/.exec(platform.variant ?? "")?.[1] ?? 0);
  const ladder: Platform[] = [];
  for (let lower = version - 1; lower >= lowest; lower--)
    ladder.push(normalizePlatform({ ...platform, variant: `v${lower}` }));
  return ladder;
}

/** v9.x runs v9.0 to v9.x and v8.0 to v8.(x+5); v8.x runs v8.0 to v8.x; both run 32-bit arm from v8 down. */
function arm64Ladder(platform: Platform): Platform[] {
  const match = /^v([89])(?:\.(\d))?$/.exec(platform.variant ?? "v8");
  const ladder: Platform[] = [];
  if (match !== null) {
    const major = Number(match[1]);
    const minor = Number(match[2] ?? 0);
    if (major === 9) ladder.push(...minorVariants(platform, 9, minor));
    ladder.push(...minorVariants(platform, 8, major === 9 ? Math.min(minor + 5, 9) : minor));
  }
  const arm = { ...platform, architecture: "arm", variant: match === null ? (platform.variant ?? "") : "v8" };
  return [...ladder, ...compatible(normalizePlatform(arm))];
}

function minorVariants(platform: Platform, major: number, from: number): Platform[] {
  const ladder: Platform[] = [];
  for (let minor = from; minor >= 0; minor--)
    ladder.push(normalizePlatform({ ...platform, variant: `v${major}.${minor}` }));
  return ladder;
}

function without(platform: Platform): Platform {
  const { variant: _, ...rest } = platform;
  return rest;
}
