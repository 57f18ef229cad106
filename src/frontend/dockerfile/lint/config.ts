import { CooperError, goQuote, trim } from "../../../kit/index.ts";
import type { SourceFile } from "../../contract.ts";
import { findDirective } from "../parse/directives.ts";
import { locate, reworded } from "../parse/errors.ts";
import { choice } from "../parse/messages.ts";
import { parseBool } from "../parse/values.ts";

/** What `# check=…` and `build-arg:BUILDKIT_DOCKERFILE_CHECK` say. */
export interface LintConfig {
  readonly skipAll: boolean;
  readonly skipRules: readonly string[];
  readonly experimentalAll: boolean;
  readonly experimentalRules: readonly string[];
  /** A finding fails the build. */
  readonly returnAsError: boolean;
}

const defaults: LintConfig = {
  skipAll: false,
  skipRules: [],
  experimentalAll: false,
  experimentalRules: [],
  returnAsError: false,
};

/** Reads `skip=A,B;error=true;experimental=all`; "" means defaults. Throws `dockerfile/check-option`. */
export function parseLintConfig(text: string): LintConfig {
  const trimmed = trim(text);
  if (trimmed === "") return defaults;
  // At most three parts: what follows a third one belongs to it.
  const [first = "", second, ...rest] = trimmed.split(";");
  const parts = [first, second, rest.length > 0 ? rest.join(";") : undefined].filter((part) => part !== undefined);
  return parts.reduce(withOption, defaults);
}

/** What `build-arg:BUILDKIT_DOCKERFILE_CHECK` says. Throws `dockerfile/check-option` with upstream's sentence. */
export function readLintOption(text: string | undefined): LintConfig | undefined {
  return text === undefined ? undefined : prefixed("failed to parse build-arg:BUILDKIT_DOCKERFILE_CHECK", text);
}

/**
 * The configuration of a Dockerfile: `option` (`build-arg:BUILDKIT_DOCKERFILE_CHECK`) when given, else the `check` directive.
 * Throws `dockerfile/check-option` with upstream's sentence.
 */
export function lintConfigOf(file: SourceFile, option: LintConfig | undefined): LintConfig {
  if (option !== undefined) return option;
  const directive = findDirective("check", file.data);
  if (directive === undefined) return defaults;
  const { value, location: lines } = directive;
  try {
    return prefixed("failed to parse check options", value);
  } catch (error) {
    throw locate(error, file, [], { lines, blamed: [value], unsent: true });
  }
}

/** What either side asks for; whether findings fail the build stays the outer side's. */
export function mergeLintConfigs(outer: LintConfig, inner: LintConfig): LintConfig {
  return {
    skipAll: outer.skipAll || inner.skipAll,
    skipRules: [...outer.skipRules, ...inner.skipRules],
    experimentalAll: outer.experimentalAll || inner.experimentalAll,
    experimentalRules: [...outer.experimentalRules, ...inner.experimentalRules],
    returnAsError: outer.returnAsError,
  };
}

const options = ["skip", "error", "experimental"];

function withOption(config: LintConfig, part: string): LintConfig {
  const at = part.indexOf("=");
  if (at < 0)
    throw new CooperError("dockerfile/check-option", `invalid check option ${goQuote(part)}`, choice(part, options));
  const key = trim(part.slice(0, at));
  const value = trim(part.slice(at + 1));
  if (key === "error") return { ...config, returnAsError: errorValue(value, part) };
  if (key === "skip") return value === "all" ? { ...config, skipAll: true } : { ...config, skipRules: listOf(value) };
  if (key !== "experimental")
    throw new CooperError("dockerfile/check-option", `invalid check option ${goQuote(key)}`, choice(key, options));
  return value === "all" ? { ...config, experimentalAll: true } : { ...config, experimentalRules: listOf(value) };
}

function listOf(value: string): string[] {
  return value.split(",").map(trim);
}

function errorValue(value: string, part: string): boolean {
  const parsed = parseBool(value);
  if (parsed !== undefined) return parsed;
  const reason = `strconv.ParseBool: parsing ${goQuote(value)}: invalid syntax`;
  throw new CooperError("dockerfile/check-option", `failed to parse check option ${goQuote(part)}: ${reason}`);
}

function prefixed(prefix: string, text: string): LintConfig {
  try {
    return parseLintConfig(text);
  } catch (error) {
    if (!(error instanceof CooperError)) throw error;
    throw reworded(error, (message) => `${prefix}: ${message}`);
  }
}
