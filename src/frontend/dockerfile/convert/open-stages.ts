import { CooperError } from "../../../kit/index.ts";
import { type Platform, parsePlatform } from "../../../oci/index.ts";
import { checkConstPlatform, checkTargetPlatform, checkUndefinedArgs } from "../lint/index.ts";
import { isNoCache } from "../options/options.ts";
import { readPlatform } from "../options/values.ts";
import { blame, locate, reworded, type Stage } from "../parse/index.ts";
import { withSuggestion } from "../parse/messages.ts";
import type { ExpandedWord } from "../shell/index.ts";
import { type Conversion, expand, reporting } from "./context.ts";
import { type ArgInfo, StageState } from "./stage.ts";

/** Opens every stage of the file: expands its FROM, finds what it builds on. Throws located errors. */
export function openStages(stages: readonly Stage[], args: ReadonlyMap<string, ArgInfo>, outer: Conversion): void {
  const known = new Set([...args.keys(), ...outer.globalArgs.keys()]);
  for (const [index, stage] of stages.entries()) {
    const conversion = { ...outer, linter: outer.linter.withComments(stage.comments) };
    try {
      openStage(stage, index, args, known, conversion);
    } catch (error) {
      throw locate(error, conversion.file, stage.location);
    }
  }
}

function openStage(
  stage: Stage,
  index: number,
  args: ReadonlyMap<string, ArgInfo>,
  known: ReadonlySet<string>,
  conversion: Conversion,
): void {
  const { options, stages } = conversion;
  const used = new Set<string>();
  const opened = new StageState(stage, expandBaseName(stage, known, used, conversion));
  opened.outline = { ...opened.outline, allArgs: new Map(args) };
  if (stage.platform !== "") opened.platform = expandPlatform(stage, known, used, conversion);
  const { platform } = opened;
  const named = { platform, resolveMode: options.imageResolveMode, paths: () => opened.wantedPaths() };
  opened.namedContext = stage.stageName === "" ? undefined : conversion.namedContext(stage.stageName, named);
  if (stage.stageName === "") opened.displayName = `stage-${index}`;
  stages.add(opened);
  if (opened.namedContext !== undefined) {
    opened.base = undefined;
    return;
  }
  for (const name of used) opened.outline.usedArgs.add(name);
  opened.stepTotal = countSteps(stage, opened);
  opened.ignoreCache = isNoCache(options, stage.stageName);
}

function expandBaseName(stage: Stage, known: ReadonlySet<string>, used: Set<string>, conversion: Conversion): string {
  const report = (names: ReadonlySet<string>) => checkUndefinedArgs(names, known, stage.location, conversion.linter);
  const { result, matched } = reporting(report, () => expand(conversion, stage.baseName, conversion.globalArgs));
  for (const name of matched) used.add(name);
  if (result !== "") return result;
  throw new CooperError("dockerfile/blank", `base name (${stage.baseName}) should not be blank`, blame(stage.baseName));
}

function expandPlatform(stage: Stage, known: ReadonlySet<string>, used: Set<string>, conversion: Conversion): Platform {
  const { globalArgs, linter } = conversion;
  const { location, stageName } = stage;
  const report = (names: ReadonlySet<string>) => checkUndefinedArgs(names, known, location, linter);
  const expanded = expandPlatformFlag(stage, report, conversion);
  checkTargetPlatform(stage.platform, expanded, globalArgs.get("TARGETPLATFORM"), location, linter);
  checkConstPlatform(stageName, expanded, tryPlatform(expanded.result), location, linter);
  if (expanded.result === "") {
    const sentence = `empty platform value from expression ${stage.platform}`;
    throw new CooperError(
      "dockerfile/blank",
      suggestAny(sentence, expanded, globalArgs.keys()),
      blame(`--platform=${stage.platform}`),
    );
  }
  try {
    const platform = readPlatform(expanded.result);
    for (const name of expanded.matched) used.add(name);
    return platform;
  } catch (error) {
    // Upstream notes the place twice, which shows in the printed excerpt.
    const located = locate(error, conversion.file, location, { blamed: [`--platform=${stage.platform}`] });
    const sentence = (message: string) => suggestAny(message, expanded, globalArgs.keys());
    throw reworded(located, (message) => `failed to parse platform ${stage.platform}: ${sentence(message)}`);
  }
}

function expandPlatformFlag(
  stage: Stage,
  report: (unmatched: ReadonlySet<string>) => void,
  conversion: Conversion,
): ExpandedWord {
  try {
    return reporting(report, () => expand(conversion, stage.platform, conversion.globalArgs));
  } catch (error) {
    throw reworded(error, (message) => `failed to process arguments for platform : ${message}`);
  }
}

function tryPlatform(text: string): Platform | undefined {
  try {
    return parsePlatform(text);
  } catch {
    return undefined;
  }
}

/** A suggestion for the first unknown name that is near a known one. */
function suggestAny(sentence: string, { unmatched }: ExpandedWord, options: readonly string[]): string {
  for (const name of unmatched) {
    const suggested = withSuggestion(sentence, name, options, true);
    if (suggested !== sentence) return suggested;
  }
  return sentence;
}

/** Steps that progress numbers: the base image and whatever makes files. */
function countSteps(stage: Stage, opened: StageState): number {
  const base = opened.baseName !== "scratch" && opened.base === undefined ? 1 : 0;
  const counted = stage.instructions.filter(({ kind }) => ["add", "copy", "run", "workdir"].includes(kind));
  return base + counted.length;
}
