import { CooperError, messageOf } from "../../kit/index.ts";
import { type pb, sourcepolicy } from "../../wire/index.ts";

/** Undefined when the source is not meant; else what makes a new identifier out of a template with `$1`, `${1}`. */
export type SourceMatcher = (
  source: Pick<pb.SourceOp, "identifier" | "attrs">,
) => ((template: string) => string) | undefined;

/** What a rule's selector says. Throws `engine/bad-policy` for patterns that cannot be read. */
export function matcherOf({ identifier, matchType, constraints }: sourcepolicy.Selector): SourceMatcher {
  const conditions = constraints.map(conditionOf);
  const formatOf = formatter(identifier, matchType);
  return ({ identifier: source, attrs }) => (conditions.every((holds) => holds(attrs)) ? formatOf(source) : undefined);
}

function formatter(
  selector: string,
  matchType: number,
): (source: string) => ((template: string) => string) | undefined {
  const { EXACT, REGEX, WILDCARD } = sourcepolicy.MatchType;
  if (matchType === EXACT) return (source) => (source === selector ? (template) => template : undefined);
  if (matchType === REGEX) {
    const pattern = compiled(selector, "g");
    return (source) => {
      pattern.lastIndex = 0;
      if (source !== selector && !pattern.test(source)) return undefined;
      return (template) => source.replace(pattern, (...match) => expand(template, match));
    };
  }
  if (matchType !== WILDCARD) throw new CooperError("engine/bad-policy", `unknown match type: ${matchType}`);
  const pattern = wildcard(selector);
  return (source) => {
    const match = pattern.exec(source);
    if (match === null) return source === selector ? (template) => template : undefined;
    return (template) => expand(template, match);
  };
}

/** `*` is anything, and can be named in a template. */
function wildcard(text: string): RegExp {
  if (text.includes("**")) {
    const sentence = `failed to translate wildcard ${JSON.stringify(text)} to regexp: invalid wildcard: "**"`;
    throw new CooperError("engine/bad-policy", sentence);
  }
  const quoted = text.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&").replaceAll("\\*", "(.*)");
  return new RegExp(`^${quoted}$`);
}

/** Go's templates: `$1`, `${1}`, `$name`, `$$`; a group that there is not is nothing. */
function expand(template: string, match: readonly unknown[]): string {
  const last = match.at(-1);
  const named = (typeof last === "object" && last !== null ? last : {}) as Readonly<Record<string, unknown>>;
  return template.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced?: string, plain?: string) => {
    if (whole === "$$") return "$";
    const name = braced ?? plain ?? "";
    const value = /^\d+$/.test(name) ? match[Number(name)] : named[name];
    return typeof value === "string" ? value : "";
  });
}

function conditionOf({ key, value, condition }: sourcepolicy.AttrConstraint) {
  const { EQUAL, NOTEQUAL, MATCHES } = sourcepolicy.AttrMatch;
  type Attrs = ReadonlyMap<string, string>;
  if (condition === EQUAL) return (attrs: Attrs) => (attrs.get(key) ?? "") === value;
  if (condition === NOTEQUAL) return (attrs: Attrs) => (attrs.get(key) ?? "") !== value;
  if (condition !== MATCHES) throw new CooperError("engine/bad-policy", `unknown attr condition: ${condition}`);
  const pattern = compiled(value, "");
  return (attrs: Attrs) => pattern.test(attrs.get(key) ?? "");
}

function compiled(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch (cause) {
    throw new CooperError("engine/bad-policy", `invalid regex ${JSON.stringify(pattern)}: ${messageOf(cause)}`, {
      cause,
    });
  }
}
