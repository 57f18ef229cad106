import { CooperError } from "../../kit/index.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";
import type { FieldType, PodApi } from "./schema.ts";

/**
 * A strategic merge patch, as the Kubernetes API applies one to a value of `type`: maps merge, lists with a merge key merge entry by
 * entry, everything else is replaced, null removes. Both sides are in normal form. The patch's entries keep the patch's order and the
 * untouched ones theirs; between the two, the original's order decides where both were in it, and otherwise the patch's go first.
 * Throws `pipeline/merge-patch` when an entry lacks the merge key.
 * (https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/)
 */
export function mergePatch(api: PodApi, type: string, original: JsonObject, patch: JsonObject): JsonObject {
  const fields = new Map((api.get(type) ?? []).map((field) => [field.name, field]));
  return mergeMaps(original, patch, (name, before, after) => {
    const field = fields.get(name);
    if (field === undefined) return after;
    return mergeValues(api, field.type, field.mergeKey, before, after);
  });
}

function mergeMaps(
  original: JsonObject,
  patch: JsonObject,
  merge: (name: string, before: Json, after: Json) => Json,
): JsonObject {
  const result: Record<string, Json | undefined> = { ...original };
  for (const [name, after] of Object.entries(patch)) {
    const before = result[name];
    if (after === null || after === undefined) delete result[name];
    else result[name] = before === undefined || before === null ? after : merge(name, before, after);
  }
  return result;
}

function mergeValues(api: PodApi, type: FieldType, mergeKey: string | undefined, before: Json, after: Json): Json {
  if (isObject(before) && isObject(after)) {
    if (type.kind === "object") return mergePatch(api, type.name, before, after);
    return mergeMaps(before, after, (_name, _before, item) => item);
  }
  if (mergeKey !== undefined && type.kind === "list" && type.of.kind === "object") {
    return mergeLists(api, type.of.name, mergeKey, asEntries(before), asEntries(after));
  }
  return after;
}

function asEntries(value: Json): JsonObject[] {
  return Array.isArray(value) ? value.filter((item: Json) => isObject(item)) : [];
}

function mergeLists(api: PodApi, type: string, key: string, before: JsonObject[], after: JsonObject[]): JsonObject[] {
  const merged = [...before];
  for (const entry of after) {
    const name = entry[key];
    if (name === undefined) throw noMergeKey(type, key);
    const at = merged.findIndex((item) => item[key] === name);
    const old = merged[at];
    if (old === undefined) merged.push(entry);
    else merged[at] = mergePatch(api, type, old, entry);
  }
  const order = (list: JsonObject[], item: JsonObject) => list.findIndex((other) => other[key] === item[key]);
  const patched = merged.filter((item) => order(after, item) >= 0).sort((a, b) => order(after, a) - order(after, b));
  const place = (item: JsonObject) => order(before, item);
  const untouched = merged.filter((item) => order(after, item) < 0).sort((a, b) => place(a) - place(b));
  return interleave(untouched, patched, place);
}

/** Merges two lists; an untouched entry goes first only where both are in the original and it stood before the other. */
function interleave(untouched: JsonObject[], patched: JsonObject[], place: (item: JsonObject) => number): JsonObject[] {
  const result: JsonObject[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [left, right] = [untouched[i], patched[j]];
    if (left === undefined || right === undefined) return [...result, ...untouched.slice(i), ...patched.slice(j)];
    const inFront = place(left) >= 0 && place(right) >= 0 && place(left) < place(right);
    result.push(inFront ? left : right);
    if (inFront) i += 1;
    else j += 1;
  }
}

function noMergeKey(type: string, key: string): CooperError {
  return new CooperError("pipeline/merge-patch", `an entry of a patch's list of ${type} has no ${key}`, {
    hint: `Entries of that list are told apart by ${key}: add it.`,
  });
}
