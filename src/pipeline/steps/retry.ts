import type { Retry, RetryRule, SoftFail } from "../contract.ts";
import { describe, textOf, type Value } from "../yaml/value.ts";
import { Fields, isNull } from "./fields.ts";

const defaultLimit = 2;
const maxLimit = 10;
const signalReasons = [
  "*",
  "none",
  "cancel",
  "agent_stop",
  "agent_refused",
  "agent_incompatible",
  "process_run_error",
  "signature_rejected",
  "stack_error",
];

/** `retry`: `automatic` (true, a rule, a list of rules) and `manual` (true, false, or a map). */
export function readRetry(fields: Fields): Retry {
  const value = fields.value("retry");
  const manual = { allowed: true, permitOnPassed: false };
  if (value === undefined) return { automatic: [], manual };
  if (value.kind !== "map") {
    fields.wrong(value.place, `"retry" is ${describe(value)}, wanted a map`, "write automatic: or manual: below it");
    return { automatic: [], manual };
  }
  const inner = new Fields(value, fields.problems);
  const retry = { automatic: readAutomatic(inner), manual: readManual(inner) };
  inner.warnOfUnknown('"retry"');
  return retry;
}

function readAutomatic(fields: Fields): readonly RetryRule[] {
  const value = fields.value("automatic");
  if (value === undefined) return [];
  const text = textOf(value);
  if (text === "false") return [];
  if (text === "true") return [{ limit: defaultLimit }];
  const items = value.kind === "list" ? value.items : [value];
  return items.flatMap((item) => readRule(item, fields));
}

function readRule(item: Value, fields: Fields): readonly RetryRule[] {
  if (item.kind !== "map") {
    const fix = "write {exit_status: 1, limit: 2}";
    fields.wrong(item.place, `an automatic retry is ${describe(item)}, wanted a rule`, fix);
    return [];
  }
  const inner = new Fields(item, fields.problems);
  const exitStatus = readExitStatus(inner);
  const signal = inner.text("signal")?.replace(/^sig/i, "").toLowerCase();
  const signalReason = readSignalReason(inner);
  const limit = inner.whole(0, "limit");
  if (limit !== undefined && limit.value > maxLimit) {
    inner.wrong(limit.place, `"limit" is ${limit.value}, the largest is ${maxLimit}`, `write at most ${maxLimit}`);
  }
  inner.warnOfUnknown("an automatic retry");
  return [
    {
      limit: Math.min(maxLimit, limit?.value ?? defaultLimit),
      ...(exitStatus !== undefined && { exitStatus }),
      ...(signal !== undefined && { signal }),
      ...(signalReason !== undefined && { signalReason }),
    },
  ];
}

function readSignalReason(fields: Fields): string | undefined {
  const reason = fields.located("signal_reason");
  if (reason === undefined || signalReasons.includes(reason.value)) return reason?.value;
  const fix = `use one of ${signalReasons.join(", ")}`;
  fields.wrong(reason.place, `there is no signal_reason ${JSON.stringify(reason.value)}`, fix);
  return undefined;
}

/** `exit_status`: a number, a list of numbers, or `"*"`. */
function readExitStatus(fields: Fields): readonly (number | "*")[] | undefined {
  const value = fields.value("exit_status");
  if (value === undefined) return undefined;
  const items = value.kind === "list" ? value.items : [value];
  return items.flatMap((item): (number | "*")[] => {
    const text = textOf(item);
    if (text === "*") return ["*"];
    if (text !== undefined && /^-?\d{1,6}$/.test(text)) return [Number(text)];
    fields.wrong(
      item.place,
      `"exit_status" is ${describe(item)}, wanted a number or "*"`,
      'write a number, or "*" for any',
    );
    return [];
  });
}

function readManual(fields: Fields): Retry["manual"] {
  const value = fields.value("manual");
  if (value === undefined) return { allowed: true, permitOnPassed: false };
  if (value.kind !== "map") return { allowed: fields.boolean("manual") ?? true, permitOnPassed: false };
  const inner = new Fields(value, fields.problems);
  const reason = inner.text("reason");
  const manual = {
    allowed: inner.boolean("allowed") ?? true,
    permitOnPassed: inner.boolean("permit_on_passed") ?? false,
    ...(reason !== undefined && { reason }),
  };
  inner.warnOfUnknown("a manual retry");
  return manual;
}

/** `soft_fail`: true, or a list of `{exit_status: …}`. */
export function readSoftFail(fields: Fields): SoftFail {
  const value = fields.value("soft_fail");
  if (value === undefined) return false;
  if (value.kind === "scalar") return fields.boolean("soft_fail") ?? false;
  const items = value.kind === "list" ? value.items : [value];
  const statuses = items.flatMap((item) => {
    if (item.kind === "map") {
      const inner = new Fields(item, fields.problems);
      const found = readExitStatus(inner) ?? [];
      inner.warnOfUnknown('"soft_fail"');
      return found;
    }
    if (!isNull(item))
      fields.wrong(item.place, `"soft_fail" has ${describe(item)}`, "write true, or a list of {exit_status: N}");
    return [];
  });
  return statuses;
}

/** `skip`: false, true or a reason. Undefined: the step is not skipped. */
export function readSkip(fields: Fields): string | undefined {
  const skip = fields.located("skip");
  if (skip === undefined || skip.value === "false" || skip.value === "") return undefined;
  if (skip.value === "true") return "";
  if (skip.value.length > 70) {
    fields.problems.warn(
      skip.place,
      "bad-value",
      `the reason to skip has ${skip.value.length} characters, 70 are shown`,
      "shorten it",
    );
  }
  return skip.value;
}
