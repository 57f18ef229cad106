import { cleanPath, type PatternMatcher } from "../../../kit/index.ts";
import { formatPlatformAll, normalizePlatform, type Platform } from "../../../oci/index.ts";
import { checkUndefinedVars, type Linter, rules } from "../lint/index.ts";
import type { Instruction, Location } from "../parse/index.ts";
import type { StageState } from "./stage.ts";

/** Build checks that need what the conversion finds out. Each reports to the linter and throws nothing. */

/** Arguments that no process is given. */
export const nonEnvArgs: ReadonlySet<string> = new Set(["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"]);

/** Variables that an instruction names and nobody set. */
export function reportUndefined(
  stage: StageState,
  instruction: Instruction,
  unmatched: ReadonlySet<string>,
  linter: Linter,
): void {
  if (unmatched.size === 0) return;
  const allowed = new Set([...nonEnvArgs, ...stage.buildArgs.map(({ key }) => key)]);
  checkUndefinedVars(unmatched, allowed, stage.env.keys(), instruction.location, linter);
}

/** Warns of a base image that is of another platform than the one it was asked for. */
export function checkBaseImagePlatform(
  name: string,
  expected: Platform,
  actual: Platform,
  location: Location,
  linter: Linter,
): void {
  if (expected.os === actual.os && expected.architecture === actual.architecture) return;
  const shown = (platform: Platform) => formatPlatformAll(normalizePlatform(platform));
  linter.run(rules.invalidBaseImagePlatform, location, name, shown(expected), shown(actual));
}

/** A source of COPY or ADD that `.dockerignore` hides. Any `!` pattern makes that too hard to tell. */
export function checkIgnoredSource(
  source: string,
  command: "Copy" | "Add",
  matcher: PatternMatcher | undefined,
  location: Location,
  linter: Linter,
): void {
  if (matcher === undefined || matcher.hasExclusions) return;
  const path = cleanPath(source);
  // A context's root is no path that a pattern can mean, unless the pattern means everything.
  const isRoot = path === "." || path === "/";
  const hidden = isRoot
    ? matcher.patterns.some(({ text }) => ["*", "**", "**/*"].includes(text))
    : matcher.matches(path);
  if (hidden) linter.run(rules.copyIgnoredFile, location, command, path);
}
