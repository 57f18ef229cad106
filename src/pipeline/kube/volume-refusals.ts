import type { JsonObject } from "./json.ts";
import type { Path } from "./normalise.ts";
import { quantityNanos } from "./quantity.ts";
import { entriesOf, invalid, objectAt, oneOfRefusals, type PodRefusal, textAt } from "./refusal.ts";

/** What is wrong with a pod's volumes besides their fields: two of one name, two kinds in one, amounts. */
export function volumeRefusals(pod: JsonObject): PodRefusal[] {
  const seen = new Set<string>();
  return entriesOf(pod, "volumes", []).flatMap(({ entry, path }): PodRefusal[] => {
    const name = textAt(entry, "name");
    const again = seen.has(name);
    seen.add(name);
    if (again && name !== "") {
      const text = `the pod has two volumes "${name}"`;
      return [{ kind: "duplicate-volume", path: [...path, "name"], text, fix: "give it another name" }];
    }
    return sourceRefusals(entry, path);
  });
}

/** A volume that names no kind is an emptyDir. */
function sourceRefusals(volume: JsonObject, path: Path): PodRefusal[] {
  const kinds = Object.keys(volume).filter((name) => name !== "name");
  if (kinds.length === 0) return [];
  if (kinds.length > 1) return oneOfRefusals(volume, kinds, path, "kinds of volume");
  const { emptyDir, ephemeral } = volume;
  if (emptyDir !== undefined) return sizeRefusals(objectAt(volume, "emptyDir") ?? {}, [...path, "emptyDir"]);
  if (ephemeral !== undefined) return storageRefusals(objectAt(volume, "ephemeral") ?? {}, [...path, "ephemeral"]);
  return [];
}

function sizeRefusals({ sizeLimit }: JsonObject, path: Path): PodRefusal[] {
  if (typeof sizeLimit !== "string" || quantityNanos(sizeLimit) >= 0n) return [];
  return [invalid([...path, "sizeLimit"], "the limit is below 0", "use a positive amount")];
}

function storageRefusals(source: JsonObject, path: Path): PodRefusal[] {
  const spec = objectAt(objectAt(source, "volumeClaimTemplate") ?? {}, "spec");
  const storage = objectAt(objectAt(spec ?? {}, "resources") ?? {}, "requests")?.storage;
  if (spec === undefined || (typeof storage === "string" && quantityNanos(storage) > 0n)) return [];
  const at: Path = [...path, "volumeClaimTemplate", "spec", "resources"];
  return [invalid(at, "no amount of storage is asked for", "add resources.requests.storage")];
}
