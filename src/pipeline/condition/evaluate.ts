import { CooperError, suggest } from "../../kit/index.ts";
import { type Condition, parseCondition } from "./parse.ts";

export type ConditionValue = string | number | boolean | null | readonly ConditionValue[];

/** What conditions may ask for. */
export interface ConditionContext {
  /** By full name: `build.branch`, `pipeline.slug`, … */
  readonly variables: ReadonlyMap<string, ConditionValue>;
  /** For `build.env("NAME")`; null when it is not set. */
  readonly env: (name: string) => string | null;
}

/**
 * Whether a step with this `if` takes part. Throws `pipeline/condition` for a text that is no condition, a variable that does
 * not exist, or a comparison that makes no sense.
 */
export function evaluateCondition(text: string, context: ConditionContext): boolean {
  return truth(value(parseCondition(text), context));
}

function truth(result: ConditionValue): boolean {
  return result !== false && result !== null;
}

function value(condition: Condition, context: ConditionContext): ConditionValue {
  switch (condition.kind) {
    case "literal":
      return condition.value;
    case "list":
      return condition.items.map((item) => value(item, context));
    case "regex":
      throw bad("a regular expression stands right of =~ or !~ only", "write build.branch =~ /…/");
    case "variable":
      return variable(condition.name, context);
    case "call":
      return call(condition, context);
    case "not":
      return !truth(value(condition.operand, context));
    case "binary":
      return binary(condition, context);
  }
}

function variable(name: string, { variables }: ConditionContext): ConditionValue {
  const found = variables.get(name);
  if (found !== undefined) return found;
  const near = suggest(name, [...variables.keys()]);
  const hint =
    near === undefined
      ? 'variables are build.…, pipeline.…, organization.… and build.env("NAME")'
      : `did you mean ${near}?`;
  throw bad(`there is no variable ${name}`, hint);
}

function call({ name, args }: Extract<Condition, { kind: "call" }>, context: ConditionContext): ConditionValue {
  const hint = 'write build.env("NAME")';
  if (name !== "build.env" && name !== "env") throw bad(`there is no function ${name}`, hint);
  const [first] = args.map((arg) => value(arg, context));
  if (args.length !== 1 || typeof first !== "string") throw bad(`${name} takes one text`, hint);
  return context.env(first);
}

function binary(condition: Extract<Condition, { kind: "binary" }>, context: ConditionContext): boolean {
  const { operator } = condition;
  const left = value(condition.left, context);
  switch (operator) {
    case "&&":
      return truth(left) && truth(value(condition.right, context));
    case "||":
      return truth(left) || truth(value(condition.right, context));
    case "=~":
    case "!~":
      return matches(left, condition.right) === (operator === "=~");
    case "includes": {
      const wanted = value(condition.right, context);
      return Array.isArray(left) && left.some((item) => item === wanted);
    }
    default:
      return isEqual(left, value(condition.right, context)) === (operator === "==");
  }
}

function matches(left: ConditionValue, right: Condition): boolean {
  if (right.kind !== "regex")
    throw bad("no regular expression stands right of =~", "write it between slashes: /^v[0-9]/");
  return typeof left === "string" && right.regex.test(left);
}

function isEqual(a: ConditionValue, b: ConditionValue): boolean {
  return Array.isArray(a) || Array.isArray(b) ? JSON.stringify(a) === JSON.stringify(b) : a === b;
}

function bad(what: string, hint: string): CooperError {
  return new CooperError("pipeline/condition", `cannot use the condition: ${what}`, { hint });
}
