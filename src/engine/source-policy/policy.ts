import { CooperError, prefixed } from "../../kit/index.ts";
import { decode, sourcepolicy } from "../../wire/index.ts";
import type { SourceSpec } from "../contract.ts";
import { matcherOf, type SourceMatcher } from "./matcher.ts";

/** How often a source may be replaced before that is taken for a circle: upstream's. */
const mostChanges = 20;

interface Rule {
  readonly action: number;
  readonly matches: SourceMatcher;
  readonly updates: sourcepolicy.Update | undefined;
  readonly identifier: string;
}

/** Which sources a build may use, and which are replaced by others. */
export class SourcePolicy {
  readonly #policies: readonly (readonly Rule[])[];

  /** Marshalled policies, of which any may deny. Throws `engine/bad-policy`, `wire/malformed`. */
  constructor(policies: readonly Uint8Array[]) {
    this.#policies = policies.map((bytes) => decode(sourcepolicy.Policy, bytes).rules.map(ruleOf));
  }

  /** The source that is to be used instead, or the same one. Throws `engine/source-denied`, `engine/bad-policy`. */
  evaluate(source: SourceSpec): SourceSpec {
    let now = source;
    for (let changes = 0; changes <= mostChanges; changes++) {
      const next = this.#once(now);
      if (next === now) return now;
      now = next;
    }
    throw new CooperError("engine/bad-policy", "too many mutations on a single source: too many operations");
  }

  /** The first change that a policy makes; of the rules that allow and deny the last one counts. */
  #once(source: SourceSpec): SourceSpec {
    for (const rules of this.#policies) {
      let denied = false;
      for (const rule of rules) {
        const match = rule.matches(source);
        if (match === undefined) continue;
        if (rule.action === sourcepolicy.PolicyAction.CONVERT) {
          const changed = converted(source, rule, match);
          if (changed !== source) return changed;
        } else denied = rule.action === sourcepolicy.PolicyAction.DENY;
      }
      if (denied) {
        const sentence = `source ${JSON.stringify(source.identifier)} denied by policy: source denied by policy`;
        throw new CooperError("engine/source-denied", sentence);
      }
    }
    return source;
  }
}

function ruleOf({ action, selector, updates }: sourcepolicy.Rule): Rule {
  if (selector === undefined) throw new CooperError("engine/bad-policy", "invalid nil selector in policy");
  if (action > sourcepolicy.PolicyAction.CONVERT) {
    throw new CooperError("engine/bad-policy", `source policy: rule ${action} ${selector.identifier}: unknown type`);
  }
  try {
    return { action, matches: matcherOf(selector), updates, identifier: selector.identifier };
  } catch (error) {
    throw prefixed("error matching source policy", error, "engine/bad-policy");
  }
}

function converted(
  source: SourceSpec,
  { updates, identifier }: Rule,
  format: (template: string) => string,
): SourceSpec {
  if (updates === undefined) {
    throw new CooperError("engine/bad-policy", "error mutating source policy: missing destination for convert rule");
  }
  const wanted = format(updates.identifier || identifier);
  const attrs = new Map([...source.attrs, ...updates.attrs]);
  const sameAttrs = [...updates.attrs].every(([key, value]) => source.attrs.get(key) === value);
  if (sameAttrs && (wanted === "" || wanted === source.identifier)) return source;
  return { identifier: wanted === "" ? source.identifier : wanted, attrs };
}
