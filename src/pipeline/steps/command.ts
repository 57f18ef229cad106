import type { CommandStep, Located, Place } from "../contract.ts";
import { describe, textOf, type Value } from "../yaml/value.ts";
import { readCommon } from "./common.ts";
import { readAgents, readEnv, readSecrets } from "./env.ts";
import { Fields, isNull } from "./fields.ts";
import { readMatrix } from "./matrix.ts";
import { readPlugins } from "./plugins.ts";
import { readRetry, readSkip, readSoftFail } from "./retry.ts";

/** A step that runs commands, or plugins. */
export function readCommandStep(fields: Fields): CommandStep {
  const { command, place: commandPlace } = readCommand(fields);
  const agents = readAgents(fields);
  const image = fields.located("image");
  const parallelism = fields.whole(0, "parallelism");
  const matrix = readMatrix(fields);
  const ifChanged = readIfChanged(fields);
  const skip = readSkip(fields);
  const timeout = fields.whole(0, "timeout_in_minutes");
  const concurrency = readConcurrency(fields);
  const step: CommandStep = {
    ...readCommon(fields),
    kind: "command",
    command,
    commandPlace,
    env: readEnv(fields),
    plugins: readPlugins(fields),
    secrets: readSecrets(fields),
    artifactPaths: readArtifactPaths(fields),
    retry: readRetry(fields),
    softFail: readSoftFail(fields),
    priority: fields.whole(Number.MIN_SAFE_INTEGER, "priority")?.value ?? 0,
    cancelOnBuildFailing: fields.boolean("cancel_on_build_failing") ?? false,
    ...(agents !== undefined && { agents }),
    ...(image !== undefined && { image }),
    ...(parallelism !== undefined && { parallelism }),
    ...(matrix !== undefined && { matrix }),
    ...(ifChanged !== undefined && { ifChanged }),
    ...(skip !== undefined && { skip }),
    // Zero minutes mean no limit.
    ...(timeout !== undefined && timeout.value > 0 && { timeoutInMinutes: timeout.value }),
    ...(concurrency !== undefined && { concurrency }),
    ...asIs(fields, "checkout"),
    ...asIs(fields, "cache"),
    ...asIs(fields, "signature"),
  };
  if (matrix !== undefined && parallelism !== undefined) {
    const fix = "make the parallel jobs a dimension of the matrix";
    fields.wrong(parallelism.place, 'a step cannot have both "matrix" and "parallelism"', fix);
  }
  fields.has("type");
  fields.warnOfUnknown("a command step");
  return step;
}

function asIs<K extends string>(fields: Fields, name: K): { readonly [N in K]?: Value } {
  const value = fields.value(name);
  return (value === undefined ? {} : { [name]: value }) as { readonly [N in K]?: Value };
}

/** Several are joined by newlines. `command: {command: …}` and `script:` are read too. */
function readCommand(fields: Fields): { readonly command: string; readonly place: Place } {
  const entry = fields.entry("command", "commands", "script");
  const value = entry?.value;
  if (value === undefined || isNull(value)) return { command: "", place: entry?.keyPlace ?? fields.map.place };
  if (value.kind === "map") return readCommand(new Fields(value, fields.problems));
  const items = value.kind === "list" ? value.items : [value];
  const lines = items.flatMap((item) => {
    const text = textOf(item);
    if (text === undefined && !isNull(item)) {
      fields.wrong(
        item.place,
        `a command is ${describe(item)}, wanted text`,
        "quote the command: it holds a colon or starts like a list",
      );
    }
    return text ?? [];
  });
  return { command: lines.join("\n"), place: value.place };
}

/** A text is split at semicolons. */
function readArtifactPaths(fields: Fields): readonly Located<string>[] {
  return fields.texts("artifact_paths").flatMap(({ value, place }) =>
    value
      .split(";")
      .map((path) => ({ value: path.trim(), place }))
      .filter((path) => path.value !== ""),
  );
}

/** A glob, a list of them, or `{include, exclude}`. */
function readIfChanged(fields: Fields): CommandStep["ifChanged"] {
  const value = fields.value("if_changed");
  if (value === undefined) return undefined;
  const texts = (list: readonly Located<string>[]) => list.map((one) => one.value);
  if (value.kind !== "map") return { include: texts(fields.texts("if_changed")), exclude: [], place: value.place };
  const inner = new Fields(value, fields.problems);
  const globs = { include: texts(inner.texts("include")), exclude: texts(inner.texts("exclude")), place: value.place };
  inner.warnOfUnknown('"if_changed"');
  return globs;
}

function readConcurrency(fields: Fields): CommandStep["concurrency"] {
  const limit = fields.whole(1, "concurrency");
  const group = fields.located("concurrency_group");
  const method = fields.located("concurrency_method");
  if (method !== undefined && method.value !== "ordered" && method.value !== "eager") {
    const fix = "use ordered or eager";
    fields.wrong(method.place, `there is no concurrency_method ${JSON.stringify(method.value)}`, fix);
  }
  if (limit !== undefined && group === undefined) {
    fields.wrong(
      limit.place,
      '"concurrency" without "concurrency_group"',
      "add a concurrency_group: its jobs share the limit",
    );
  }
  if (group !== undefined && limit === undefined) {
    fields.wrong(
      group.place,
      '"concurrency_group" without "concurrency"',
      "add concurrency: how many jobs may run at once",
    );
  }
  if (limit === undefined || group === undefined) return undefined;
  return {
    limit: limit.value,
    group: group.value,
    method: method?.value === "eager" ? "eager" : "ordered",
    place: limit.place,
  };
}
