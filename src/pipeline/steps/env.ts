import type { AgentRules, EnvEntry, SecretEntry } from "../contract.ts";
import { describe, textOf } from "../yaml/value.ts";
import { type Fields, isNull } from "./fields.ts";

/** `env`: a map; also a list of `NAME=value`. Nothing is the empty text. */
export function readEnv(fields: Fields): readonly EnvEntry[] {
  const value = fields.value("env");
  if (value === undefined) return [];
  if (value.kind === "map") {
    return value.entries.flatMap(({ key, keyPlace, value: item }) => {
      const text = isNull(item) ? "" : textOf(item);
      if (text !== undefined) return [{ name: key, value: text, place: keyPlace }];
      fields.wrong(
        item.place,
        `variable ${JSON.stringify(key)} is ${describe(item)}, wanted text`,
        "write its value as text",
      );
      return [];
    });
  }
  return fields.texts("env").map(({ value: text, place }) => {
    const [name = "", rest = ""] = text.split(/=(.*)/s);
    return { name, value: rest, place };
  });
}

/** `secrets`: a list of names, or a map from variable to secret. */
export function readSecrets(fields: Fields): readonly SecretEntry[] {
  const value = fields.value("secrets");
  if (value?.kind === "map") {
    return value.entries.flatMap(({ key, keyPlace, value: item }) => {
      const secret = textOf(item);
      if (secret !== undefined) return [{ name: key, secret, place: keyPlace }];
      fields.wrong(
        item.place,
        `secret of ${JSON.stringify(key)} is ${describe(item)}, wanted a name`,
        "write the secret's name",
      );
      return [];
    });
  }
  return fields.texts("secrets").map(({ value: name, place }) => ({ name, secret: name, place }));
}

/** `agents`: a map, or a list of `tag=value` (`tag` alone is `tag=true`). Undefined when it is not stated. */
export function readAgents(fields: Fields): AgentRules | undefined {
  const value = fields.value("agents");
  if (value === undefined) return undefined;
  if (value.kind === "map") {
    const rules = value.entries.flatMap(({ key, value: item }) => {
      const text = textOf(item);
      if (text !== undefined) return [[key, text] as const];
      if (!isNull(item))
        fields.wrong(item.place, `tag ${JSON.stringify(key)} is ${describe(item)}, wanted text`, "write text");
      return [];
    });
    return new Map(rules);
  }
  return new Map(
    fields.texts("agents").map(({ value: text }) => {
      const [tag = "", wanted = "true"] = text.split(/=(.*)/s);
      return [tag.trim(), wanted.trim()] as const;
    }),
  );
}
