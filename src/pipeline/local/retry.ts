import type { RetryRule, SoftFail } from "../contract.ts";
import type { Attempt } from "./contract.ts";

/** The rule by which a failed attempt is run again: the first that fits, if it may still be used. `used` counts uses by rule. */
export function retryRule(
  attempt: Attempt,
  rules: readonly RetryRule[],
  used: ReadonlyMap<RetryRule, number>,
): RetryRule | undefined {
  if (attempt.exitCode === 0 || attempt.signalReason === "cancel") return undefined;
  const rule = rules.find((one) => fits(one, attempt));
  return rule !== undefined && (used.get(rule) ?? 0) < rule.limit ? rule : undefined;
}

function fits({ exitStatus, signal, signalReason }: RetryRule, attempt: Attempt): boolean {
  if (exitStatus !== undefined && !matchesStatus(exitStatus, attempt.exitCode)) return false;
  if (signal !== undefined && signal !== "*" && signal !== (attempt.signal ?? "none")) return false;
  if (signal === "*" && attempt.signal === undefined) return false;
  return signalReason === undefined || signalReason === "*" || signalReason === attempt.signalReason;
}

/** `*` is any exit status from 1 to 255. */
function matchesStatus(wanted: readonly (number | "*")[], exitCode: number): boolean {
  return wanted.some((one) => (one === "*" ? exitCode >= 1 && exitCode <= 255 : one === exitCode));
}

/** Whether a failure counts as none for what depends on the step. */
export function failsSoftly(softFail: SoftFail, exitCode: number): boolean {
  return typeof softFail === "boolean" ? softFail : matchesStatus(softFail, exitCode);
}
