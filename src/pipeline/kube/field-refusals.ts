import { isIP } from "node:net";
import { fieldRules } from "./field-rules.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";
import type { Path } from "./normalise.ts";
import { invalid, oneOfRefusals, type PodRefusal } from "./refusal.ts";
import type { FieldType, PodApi } from "./schema.ts";

/** Everything below `value` that breaks one of `fieldRules`. `value` is of `type`, in normal form. */
export function fieldRefusals(api: PodApi, type: string, value: JsonObject, path: Path = []): PodRefusal[] {
  return inObject(api, rulesByType(), type, value, path);
}

interface CountRule {
  readonly most: boolean;
  readonly fields: readonly string[];
}
interface TypeRules {
  readonly counts: readonly CountRule[];
  readonly fields: ReadonlyMap<string, readonly FieldRule[]>;
}
interface FieldRule {
  readonly kind: string;
  readonly words: readonly string[];
}

function rulesByType(): ReadonlyMap<string, TypeRules> {
  const types = new Map<string, { counts: CountRule[]; fields: Map<string, FieldRule[]> }>();
  for (const line of fieldRules.trim().split("\n")) {
    const [name = "", kind = "", ...words] = line.split(" ");
    const [type = "", field] = name.split(".");
    const rules = types.get(type) ?? { counts: [], fields: new Map<string, FieldRule[]>() };
    types.set(type, rules);
    if (field === undefined) rules.counts.push({ most: kind === "atmost", fields: words });
    else rules.fields.set(field, [...(rules.fields.get(field) ?? []), { kind, words }]);
  }
  return types;
}

function inObject(
  api: PodApi,
  rules: ReadonlyMap<string, TypeRules>,
  type: string,
  value: JsonObject,
  path: Path,
): PodRefusal[] {
  const own = rules.get(type);
  const counts = (own?.counts ?? []).flatMap(({ most, fields }) => {
    const none = fields.every((name) => value[name] === undefined);
    return most && none ? [] : oneOfRefusals(value, fields, path, "of these");
  });
  const stated = [...(own?.fields ?? [])].flatMap(([name, list]) => {
    const broken = list.flatMap((rule) => broke(rule, value[name]));
    return broken.slice(0, 1).map(({ text, fix }) => invalid([...path, name], text, fix));
  });
  const inside = (api.get(type) ?? []).flatMap((field) => {
    const below = value[field.name];
    return below === undefined ? [] : inValue(api, rules, field.type, below, [...path, field.name]);
  });
  return [...counts, ...stated, ...inside];
}

function inValue(
  api: PodApi,
  rules: ReadonlyMap<string, TypeRules>,
  type: FieldType,
  value: Json,
  path: Path,
): PodRefusal[] {
  if (type.kind === "object" && isObject(value)) return inObject(api, rules, type.name, value, path);
  if (type.kind === "list" && Array.isArray(value)) {
    return value.flatMap((item: Json, at) => inValue(api, rules, type.of, item, [...path, at]));
  }
  return [];
}

interface Broken {
  readonly text: string;
  readonly fix: string;
}

function broke({ kind, words }: FieldRule, value: Json | undefined): readonly Broken[] {
  if (kind === "needed") return isEmpty(value) ? [{ text: "this is missing", fix: "state it" }] : [];
  const items = (Array.isArray(value) ? value : [value]).filter((item) => item !== undefined && item !== "");
  return items.flatMap((item: Json) => brokenBy(kind, words, item));
}

function isEmpty(value: Json | undefined): boolean {
  return (
    value === undefined || value === null || value === "" || value === 0 || (Array.isArray(value) && value.length === 0)
  );
}

function brokenBy(kind: string, words: readonly string[], value: Json): readonly Broken[] {
  if (kind === "from") {
    const [least = 0, , most = Number.POSITIVE_INFINITY] = words.map((word) => (word === "to" ? 0 : Number(word)));
    if (typeof value !== "number" || (value >= least && value <= most)) return [];
    return [
      { text: `${value} is out of range`, fix: words.length > 1 ? `use ${least} to ${most}` : `use ${least} or more` },
    ];
  }
  if (typeof value !== "string") return [];
  if (kind === "one")
    return words.includes(value) ? [] : [{ text: `there is no "${value}"`, fix: `use ${words.join(", ")}` }];
  if (kind === "like")
    return new RegExp(words.join(" ")).test(value)
      ? []
      : [{ text: `"${value}" is not supported`, fix: "write another" }];
  const form = forms[kind];
  if (form === undefined || form.fits(value)) return [];
  return [{ text: `"${value}" is no ${form.what}`, fix: form.fix }];
}

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const namePart = /^[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;

/** `NAME` or `DOMAIN/NAME`, as labels and conditions have. */
export function isQualifiedName(text: string): boolean {
  const [last = "", prefix, ...more] = text.split("/").toReversed();
  return more.length === 0 && namePart.test(last) && (prefix === undefined || subdomain.test(prefix));
}

export function isLabelValue(text: string): boolean {
  return text === "" || namePart.test(text);
}

interface Form {
  readonly what: string;
  readonly fix: string;
  fits(text: string): boolean;
}
const letters = "small letters, digits and -";

const forms: Readonly<Record<string, Form>> = {
  label: {
    what: "name",
    fix: `use up to 63 ${letters}, with a letter or digit at both ends`,
    fits: (text) => label.test(text),
  },
  subdomain: { what: "name", fix: `use ${letters}, in parts with a . between`, fits: (text) => subdomain.test(text) },
  domain: {
    what: "domain",
    fix: `use ${letters}, in parts with a . between`,
    fits: (text) =>
      text === "." || /^[a-z0-9_]([-a-z0-9_]*[a-z0-9])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9])?)*\.?$/.test(text),
  },
  qualified: { what: "name of this kind", fix: "write NAME or DOMAIN/NAME", fits: isQualifiedName },
  variable: {
    what: "name of a variable",
    fix: "use printable ASCII without =",
    fits: (text) => /^[ -<>-~]+$/.test(text),
  },
  header: { what: "name of a header", fix: "use letters, digits and -", fits: (text) => /^[-A-Za-z0-9]+$/.test(text) },
  portname: {
    what: "name of a port",
    fix: `use up to 15 ${letters}, a letter among them`,
    fits: (text) => /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/.test(text),
  },
  sysctl: {
    what: "sysctl",
    fix: "write it as /proc/sys has it, with . between",
    fits: (text) => /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/.test(text),
  },
  ip: { what: "IP address", fix: "write one", fits: (text) => isIP(text) > 0 },
  absolute: { what: "absolute path", fix: "begin with /", fits: (text) => text.startsWith("/") },
  nodots: { what: "path without ..", fix: "write it without", fits: (text) => !text.split("/").includes("..") },
  below: {
    what: "path that leads down",
    fix: "write it without / in front and without ..",
    fits: (text) => !text.startsWith("/") && !text.split("/").includes(".."),
  },
};
