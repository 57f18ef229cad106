import { trim } from "../../../kit/index.ts";
import { formatPlatformAll, normalizePlatform, type Platform, parsePlatform } from "../../../oci/index.ts";
import { type Environment, environmentOf } from "../shell/index.ts";
import { type Conversion, expand } from "./context.ts";
import type { StageState } from "./stage.ts";

/** What progress shows for a step: `[linux/arm64 build 2/4] RUN make`. Counts the step. */
export function stepName(stage: StageState, text: string, platform: Platform | undefined, env: Environment): string {
  if (stage.stepTotal === 0) return text;
  stage.stepIndex++;
  const width = Math.trunc(1 + Math.log10(stage.stepTotal));
  const count = `${String(stage.stepIndex).padStart(width)}/${stage.stepTotal}`;
  const where =
    platform === undefined ? [] : [formatPlatformAll(platform) + crossSuffix(platform, platformFromArgs(env))];
  const head = [...where, ...(stage.displayName === "" ? [] : [stage.displayName]), count].join(" ");
  return `[${head}] ${stage.inTrigger ? "ONBUILD " : ""}${text}`;
}

/** The instruction as progress shows it: variables filled in, the command word in capitals. */
export function shownInstruction(conversion: Conversion, code: string, env: Environment, forRun = false): string {
  return upperCommand(expandOrKeep(conversion, code, env, forRun));
}

function expandOrKeep(conversion: Conversion, code: string, env: Environment, forRun: boolean): string {
  try {
    return expand(conversion, code, env, forRun ? { rawQuotes: true, skipUnsetEnv: true } : {}).result;
  } catch {
    return code;
  }
}

function upperCommand(text: string): string {
  const space = text.indexOf(" ");
  return space < 0 ? text.toUpperCase() : text.slice(0, space).toUpperCase() + text.slice(space);
}

/** No variables at all. */
export const noEnvironment: Environment = environmentOf([]);

/** `->arm64`: what a step on this platform builds for. */
function crossSuffix(base: Platform, wanted: Partial<Platform> | undefined): string {
  if (wanted === undefined) return "";
  const target = normalizePlatform({
    ...wanted,
    os: wanted.os || base.os,
    architecture: wanted.architecture || base.architecture,
  });
  if (target.os !== base.os) return `->${formatPlatformAll(target)}`;
  if (target.architecture === base.architecture) return "";
  return `->${[target.architecture, target.variant ?? ""].filter((part) => part !== "").join("/")}`;
}

/** The platform that the TARGET… variables tell; the first TARGETPLATFORM that can be read wins. */
function platformFromArgs(env: Environment): Partial<Platform> | undefined {
  const found: { os?: string; architecture?: string; variant?: string } = {};
  for (const key of env.keys()) {
    const value = env.get(key) ?? "";
    if (key === "TARGETPLATFORM") {
      try {
        return parsePlatform(value);
      } catch {}
    } else if (key === "TARGETOS") found.os = value;
    else if (key === "TARGETARCH") found.architecture = value;
    else if (key === "TARGETVARIANT") found.variant = value;
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

/** The first line of a heredoc, with `...` when there are more. */
export function summarizeHeredoc(body: string): string {
  const [first = "", ...more] = trim(body).replaceAll("\r\n", "\n").split("\n");
  return more.length > 0 ? `${first}...` : first;
}
