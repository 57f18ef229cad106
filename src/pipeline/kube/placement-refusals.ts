import { isLabelValue, isQualifiedName } from "./field-refusals.ts";
import type { JsonObject } from "./json.ts";
import type { Path } from "./normalise.ts";
import { entriesOf, invalid, objectAt, type PodRefusal } from "./refusal.ts";

/** Where a pod is to run, and how it finds names: fields that depend on each other. */
export function placementRefusals(pod: JsonObject): PodRefusal[] {
  return [
    ...labelRefusals(objectAt(pod, "nodeSelector") ?? {}, ["nodeSelector"]),
    ...entriesOf(pod, "tolerations", []).flatMap(({ entry, path }) => tolerationRefusals(entry, path)),
    ...expressionRefusals(pod),
    ...nameServerRefusals(pod),
  ];
}

/** Labels as they are chosen by, or given. */
export function labelRefusals(labels: JsonObject, path: Path): PodRefusal[] {
  return Object.entries(labels).flatMap(([name, value]): PodRefusal[] => {
    const at: Path = [...path, name];
    if (!isQualifiedName(name)) return [invalid(at, `"${name}" is no name of a label`, "write NAME or DOMAIN/NAME")];
    if (isLabelValue(String(value ?? ""))) return [];
    return [invalid(at, `"${String(value)}" is no value of a label`, "use up to 63 letters, digits, -, _ and .")];
  });
}

function tolerationRefusals(toleration: JsonObject, path: Path): PodRefusal[] {
  const { key = "", operator = "Equal", value = "", effect = "", tolerationSeconds } = toleration;
  if (operator === "Exists" && value !== "") return [invalid([...path, "value"], "Exists takes no value", "remove it")];
  if (key === "" && operator !== "Exists") {
    return [invalid([...path, "operator"], "without a key only Exists is allowed", "add a key")];
  }
  if (tolerationSeconds === undefined || effect === "NoExecute") return [];
  return [invalid([...path, "tolerationSeconds"], "this is for the effect NoExecute only", "remove it")];
}

function expressionRefusals(pod: JsonObject): PodRefusal[] {
  const affinity = objectAt(objectAt(pod, "affinity") ?? {}, "nodeAffinity") ?? {};
  const name = "requiredDuringSchedulingIgnoredDuringExecution";
  const terms = entriesOf(objectAt(affinity, name) ?? {}, "nodeSelectorTerms", ["affinity", "nodeAffinity", name]);
  return terms
    .flatMap(({ entry, path }) => entriesOf(entry, "matchExpressions", path))
    .flatMap(({ entry, path }): PodRefusal[] => {
      const { operator, values = [] } = entry;
      const wanted = operator === "In" || operator === "NotIn";
      const count = Array.isArray(values) ? values.length : 0;
      if (wanted === count > 0 || operator === "Gt" || operator === "Lt") return [];
      const text = wanted ? `${String(operator)} needs values` : `${String(operator)} takes no values`;
      return [invalid([...path, "values"], text, wanted ? "add them" : "remove them")];
    });
}

function nameServerRefusals(pod: JsonObject): PodRefusal[] {
  const servers = objectAt(pod, "dnsConfig")?.nameservers;
  if (pod.dnsPolicy !== "None" || (Array.isArray(servers) && servers.length > 0)) return [];
  return [invalid(["dnsPolicy"], "None needs dnsConfig with nameservers", "add dnsConfig")];
}
