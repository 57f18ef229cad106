import { CooperError, compileDoubleStar, messageOf } from "../../kit/index.ts";
import { type ConditionContext, type ConditionValue, evaluateCondition } from "../condition/evaluate.ts";
import type { CommandStep, StepCommon } from "../contract.ts";
import type { Place, Problems } from "../problems.ts";
import { branchMatches } from "./branches.ts";
import type { BuildContext, SkipReason } from "./contract.ts";

/** Why a step takes no part, or undefined. A condition that cannot be used is told to `problems`. */
export function whySkipped(
  step: StepCommon & Partial<Pick<CommandStep, "skip" | "ifChanged" | "parallelism">>,
  build: BuildContext,
  env: ReadonlyMap<string, string>,
  problems: Problems,
): SkipReason | undefined {
  if (step.skip !== undefined) return { by: "skip", text: step.skip === "" ? "skip: true" : step.skip };
  if (step.if !== undefined && !holds(step.if, build, env, problems)) {
    return { by: "if", text: `its condition does not hold: ${oneLine(step.if.value)}` };
  }
  if (step.branches !== undefined && !branchMatches(step.branches.value, build.branch)) {
    return { by: "branches", text: `branch ${JSON.stringify(build.branch)} is none of ${step.branches.value}` };
  }
  if (step.parallelism?.value === 0) return { by: "parallelism", text: "parallelism: 0" };
  return step.ifChanged === undefined ? undefined : unchanged(step.ifChanged, build, problems);
}

function holds(
  condition: NonNullable<StepCommon["if"]>,
  build: BuildContext,
  env: ReadonlyMap<string, string>,
  problems: Problems,
) {
  try {
    return evaluateCondition(condition.value, conditionContext(build, env));
  } catch (error) {
    const fix = (error instanceof CooperError ? error.hint : undefined) ?? "correct the condition";
    problems.error(condition.place, "condition", messageOf(error), fix);
    return false;
  }
}

function unchanged(
  globs: NonNullable<CommandStep["ifChanged"]>,
  build: BuildContext,
  problems: Problems,
): SkipReason | undefined {
  const compiled = (patterns: readonly string[]) =>
    patterns.flatMap((pattern) => globOr(pattern, globs.place, problems));
  const [included, excluded] = [compiled(globs.include), compiled(globs.exclude)];
  if (build.changedFiles === undefined) return undefined;
  const fits = (path: string) => included.some((glob) => glob(path)) && !excluded.some((glob) => glob(path));
  if (build.changedFiles.some(fits)) return undefined;
  return { by: "if_changed", text: `nothing changed that fits ${globs.include.join(", ")}` };
}

function globOr(pattern: string, place: Place, problems: Problems): readonly ((path: string) => boolean)[] {
  try {
    return [pathGlob(pattern)];
  } catch (error) {
    problems.error(
      place,
      "bad-value",
      `"if_changed" has ${JSON.stringify(pattern)}: ${messageOf(error)}`,
      "correct the pattern",
    );
    return [];
  }
}

/**
 * Buildkite's globs of paths: `**` goes through folders, `{a,b}` is either, a folder's name alone means what is in it. Throws `kit/bad-pattern`.
 */
export function pathGlob(pattern: string): (path: string) => boolean {
  const choices = braces(pattern.replace(/^\.\//, "")).flatMap((one) => [
    one,
    ...(one.endsWith("/") ? [`${one}**`] : []),
  ]);
  const compiled = choices.map((choice) => compileDoubleStar(choice));
  return (path) => compiled.some((glob) => glob.matches(path));
}

const maxChoices = 256;

/** `a{b,c}d` is `abd` and `acd`. */
function braces(pattern: string): readonly string[] {
  let open = [pattern];
  for (let round = 0; round < maxChoices; round++) {
    const at = open.findIndex((one) => /\{[^{}]*\}/.test(one));
    if (at < 0 || open.length > maxChoices) break;
    const [before = "", inner = "", after = ""] = (open[at] as string).split(/\{([^{}]*)\}(.*)/s);
    open = [...open.slice(0, at), ...inner.split(",").map((one) => `${before}${one}${after}`), ...open.slice(at + 1)];
  }
  return open;
}

function oneLine(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, " ");
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}

/** What conditions may ask for, in a build that runs here: no pull request, no teams. */
function conditionContext(build: BuildContext, env: ReadonlyMap<string, string>): ConditionContext {
  const { author } = build;
  const nothing = (value: string): ConditionValue => (value === "" ? null : value);
  return {
    env: (name) => env.get(name) ?? null,
    variables: new Map<string, ConditionValue>([
      ["build.id", build.id],
      ["build.number", build.number],
      ["build.branch", build.branch],
      ["build.commit", build.commit],
      ["build.tag", nothing(build.tag)],
      ["build.message", build.message],
      ["build.source", build.source],
      ["build.state", "started"],
      ["build.author.id", null],
      ["build.author.name", nothing(author.name)],
      ["build.author.email", nothing(author.email)],
      ["build.author.teams", []],
      ["build.author.verified", false],
      ["build.creator.id", null],
      ["build.creator.name", nothing(author.name)],
      ["build.creator.email", nothing(author.email)],
      ["build.creator.teams", []],
      ["build.creator.verified", false],
      ["build.pull_request.id", null],
      ["build.pull_request.base_branch", null],
      ["build.pull_request.draft", null],
      ["build.pull_request.label", null],
      ["build.pull_request.labels", []],
      ["build.pull_request.repository", null],
      ["build.pull_request.repository.fork", null],
      ["build.merge_queue.base_branch", null],
      ["build.merge_queue.base_commit", null],
      ["pipeline.id", build.id],
      ["pipeline.slug", build.pipelineSlug],
      ["pipeline.default_branch", build.defaultBranch],
      ["pipeline.repository", nothing(build.repository)],
      ["pipeline.started_passing", null],
      ["pipeline.started_failing", null],
      ["organization.id", null],
      ["organization.slug", build.organizationSlug],
    ]),
  };
}
