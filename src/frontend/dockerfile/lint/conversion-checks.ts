/** Checks that the converter makes on its way, each with just the facts that it needs. */
import type { InstructionBase, Location } from "../parse/instruction.ts";
import { maxOptions, nearest } from "../parse/messages.ts";
import type { ExpandedWord } from "../shell/lexer.ts";
import type { Linter } from "./linter.ts";
import {
  fromPlatformFlagConstDisallowed,
  multipleInstructionsDisallowed,
  redundantTargetPlatform,
  secretsUsedInArgOrEnv,
  undefinedArgInFrom,
  undefinedVar,
} from "./rules.ts";

const secretWords = /(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i;
const harmlessWords = /(?:_|^)(?:public|file|version)(?:_|$)/i;

/** SecretsUsedInArgOrEnv; `instruction` is `ARG` or `ENV`. */
export function checkSecretKey(instruction: string, key: string, location: Location, linter: Linter): void {
  if (secretWords.test(key) && !harmlessWords.test(key)) linter.run(secretsUsedInArgOrEnv, location, instruction, key);
}

/**
 * UndefinedVar for names that an expansion did not find. `allowed` are names without a value that are no mistake (ARGs
 * of the stage, upstream's `nonEnvArgs`); `defined` are the variables to suggest from.
 */
export function checkUndefinedVars(
  unmatched: Iterable<string>,
  allowed: ReadonlySet<string>,
  defined: Iterable<string>,
  location: Location,
  linter: Linter,
): void {
  const missing = [...unmatched].filter((name) => !allowed.has(name));
  if (missing.length === 0) return;
  const options = Iterator.from(defined).take(maxOptions).toArray();
  for (const name of missing) linter.run(undefinedVar, location, name, nearest(name, options, true) ?? "");
}

/** UndefinedArgInFrom for names in a base name or platform; `declared` holds global ARGs and predefined ones. */
export function checkUndefinedArgs(
  unmatched: Iterable<string>,
  declared: ReadonlySet<string>,
  location: Location,
  linter: Linter,
): void {
  for (const name of unmatched) {
    if (!declared.has(name)) linter.run(undefinedArgInFrom, location, name, nearest(name, declared, true) ?? "");
  }
}

/** RedundantTargetPlatform: `platform`, as written, is TARGETPLATFORM and nothing else. */
export function checkTargetPlatform(
  platform: string,
  expanded: ExpandedWord,
  targetPlatform: string | undefined,
  location: Location,
  linter: Linter,
): void {
  const only = expanded.matched.size === 1 && expanded.unmatched.size === 0 && expanded.matched.has("TARGETPLATFORM");
  if (only && expanded.result === (targetPlatform ?? "")) linter.run(redundantTargetPlatform, location, platform);
}

/**
 * FromPlatformFlagConstDisallowed: no variable in the flag, and the stage's name does not tell the platform.
 * `platform` is the parsed result, undefined when it does not parse.
 */
export function checkConstPlatform(
  stageName: string,
  expanded: ExpandedWord,
  platform: { readonly os: string; readonly architecture: string } | undefined,
  location: Location,
  linter: Linter,
): void {
  if (expanded.matched.size > 0 || expanded.unmatched.size > 0 || platform === undefined) return;
  if (stageName.includes(platform.os) || stageName.includes(platform.architecture)) return;
  linter.run(fromPlatformFlagConstDisallowed, location, expanded.result);
}

/** MultipleInstructionsDisallowed, for the instructions of one stage of which only the last one counts. */
export class UsedOnce {
  readonly #last = new Map<string, Location>();

  /** Reports the earlier place: that is the one without effect. `kind` tells instructions apart. */
  note(instruction: InstructionBase & { readonly kind: string }, linter: Linter): void {
    const earlier = this.#last.get(instruction.kind);
    if (earlier !== undefined) linter.run(multipleInstructionsDisallowed, earlier, instruction.name);
    this.#last.set(instruction.kind, instruction.location);
  }
}
