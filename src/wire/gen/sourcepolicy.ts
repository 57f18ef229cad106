// Generated from src/wire/proto/sourcepolicy.proto by tools/proto.ts; do not edit.

import { field, type MessageType } from "../message.ts";

export const PolicyAction = {
  ALLOW: 0,
  DENY: 1,
  CONVERT: 2,
} as const;

export const MatchType = {
  WILDCARD: 0,
  EXACT: 1,
  REGEX: 2,
} as const;

export const AttrMatch = {
  EQUAL: 0,
  NOTEQUAL: 1,
  MATCHES: 2,
} as const;

export interface Policy {
  readonly version: bigint;
  readonly rules: readonly Rule[];
}
export const Policy: MessageType<Policy> = {
  name: "moby.buildkit.v1.sourcepolicy.Policy",
  fields: [
    field(1, "version", "int64"),
    field(2, "rules", () => Rule, "list"),
  ],
};

export interface Rule {
  readonly action: number;
  readonly selector?: Selector;
  readonly updates?: Update;
}
export const Rule: MessageType<Rule> = {
  name: "moby.buildkit.v1.sourcepolicy.Rule",
  fields: [
    field(1, "action", "enum"),
    field(2, "selector", () => Selector),
    field(3, "updates", () => Update),
  ],
};

export interface Update {
  readonly identifier: string;
  readonly attrs: ReadonlyMap<string, string>;
}
export const Update: MessageType<Update> = {
  name: "moby.buildkit.v1.sourcepolicy.Update",
  fields: [
    field(1, "identifier", "string"),
    field(2, "attrs", "string", "map"),
  ],
};

export interface Selector {
  readonly identifier: string;
  readonly matchType: number;
  readonly constraints: readonly AttrConstraint[];
}
export const Selector: MessageType<Selector> = {
  name: "moby.buildkit.v1.sourcepolicy.Selector",
  fields: [
    field(1, "identifier", "string"),
    field(2, "matchType", "enum"),
    field(3, "constraints", () => AttrConstraint, "list"),
  ],
};

export interface AttrConstraint {
  readonly key: string;
  readonly value: string;
  readonly condition: number;
}
export const AttrConstraint: MessageType<AttrConstraint> = {
  name: "moby.buildkit.v1.sourcepolicy.AttrConstraint",
  fields: [
    field(1, "key", "string"),
    field(2, "value", "string"),
    field(3, "condition", "enum"),
  ],
};
