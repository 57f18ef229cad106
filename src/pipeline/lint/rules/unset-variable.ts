import { CooperError } from "../../../kit/index.ts";
import { type Expression, parseExpression } from "../../interpolate/expression.ts";
import type { Value } from "../../yaml/value.ts";
import type { Finding, LintRule } from "../contract.ts";

/** What every upload has set, besides BUILDKITE_…: it runs in an agent. */
const always = new Set(["CI", "BUILDKITE", "HOME", "PATH", "PWD", "SHELL", "USER", "LANG", "HOSTNAME"]);

export const unsetVariable: LintRule = {
  name: "unset-variable",
  severity: "warning",
  about:
    "`$VAR` is replaced when the pipeline is uploaded, not when the command runs: by nothing, when it is not set then.",
  check({ step, kubernetes }, settings) {
    const later = new Set([
      ...step.env.map(({ name }) => name),
      ...step.secrets.map(({ name }) => name),
      ...(kubernetes?.containers ?? []).flatMap(({ plain }) => namesIn(plain.env)),
    ]);
    const isSet = (name: string) => settings.variables.has(name) || settings.pipelineEnv.has(name) || always.has(name);
    return scalars(step.raw).flatMap(({ text, place }): Finding[] =>
      [...new Set(plainNames(text))].flatMap((name) => {
        if (isSet(name) || name.startsWith("BUILDKITE_")) return [];
        const when = later.has(name) ? "the step sets it only later" : "nothing sets it then";
        const fix = later.has(name)
          ? `write $$${name}: the shell of the step then sees its value`
          : `write $$${name} for the shell of the step, or \${${name}:-default}, or set it with --env ${name}=…`;
        return [{ place, message: `$${name} is replaced at upload, and ${when}: it becomes empty`, fix }];
      }),
    );
  },
};

/** Every text as it was before interpolation. */
function scalars(value: Value): { text: string; place: Finding["place"] }[] {
  if (value.kind === "list") return value.items.flatMap(scalars);
  if (value.kind === "map") return value.entries.flatMap((entry) => scalars(entry.value));
  const text = value.source ?? value.value;
  return typeof text === "string" && text.includes("$") ? [{ text, place: value.place }] : [];
}

/** Variables that a text needs a value of: those with a default, or with a message for when they are not set, are asked for on purpose. */
function plainNames(text: string): string[] {
  return namesOf(parsed(text));
}

function namesOf(expression: Expression): string[] {
  return expression.flatMap((part) => {
    if (typeof part === "string" || part.kind === "required") return [];
    return part.kind === "default" ? namesOf(part.word) : [part.name];
  });
}

/** What cannot be read is another problem, told when the pipeline is loaded. */
function parsed(text: string): Expression {
  try {
    return parseExpression(text);
  } catch (error) {
    if (error instanceof CooperError) return [];
    throw error;
  }
}

function namesIn(env: unknown): string[] {
  if (!Array.isArray(env)) return [];
  return env.flatMap((item: unknown) =>
    typeof item === "object" && item !== null && "name" in item ? [String(item.name)] : [],
  );
}
