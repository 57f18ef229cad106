import type { JsonObject } from "./json.ts";
import type { Path } from "./normalise.ts";
import { quantityNanos } from "./quantity.ts";
import { entriesOf, invalid, objectAt, type PodRefusal } from "./refusal.ts";

/** Amounts that a container asks for and may have: none below zero, no request above its limit, whole pages. */
export function resourceRefusals(resources: JsonObject, path: Path): PodRefusal[] {
  const [limits, requests] = [amounts(resources, "limits"), amounts(resources, "requests")];
  const found: PodRefusal[] = [];
  for (const [list, of] of [
    ["limits", limits],
    ["requests", requests],
  ] as const) {
    for (const [name, nanos] of of) {
      const at: Path = [...path, list, name];
      if (nanos < 0n) found.push(invalid(at, "this is below 0", "use a positive amount"));
      const page = pageSize(name);
      if (name.includes("/") && nanos % nano !== 0n) found.push(invalid(at, "this must be a whole number", "round it"));
      if (page !== undefined && (nanos <= 0n || nanos % (page * nano) !== 0n)) {
        found.push(
          invalid(at, `this is no multiple of ${name}`, `use a multiple of ${name.slice("hugepages-".length)}`),
        );
      }
      if (!isResourceName(name)) {
        found.push(
          invalid(at, `there is no resource "${name}"`, "use cpu, memory, ephemeral-storage, or one with a domain"),
        );
      }
    }
  }
  for (const [name, asked] of requests) {
    const limit = limits.get(name);
    const huge = pageSize(name) !== undefined || name.includes("/");
    if (huge && limit === undefined) {
      found.push(invalid([...path, "requests", name], "without the same limit it is refused", "add it to the limits"));
    }
    if (limit !== undefined && (asked > limit || (huge && asked !== limit))) {
      const fix = huge ? "make them the same" : "ask for less, or raise the limit";
      found.push(invalid([...path, "requests", name], `more ${name} is asked for than the limit allows`, fix));
    }
  }
  const names = [...limits.keys(), ...requests.keys()];
  if (
    names.some((name) => pageSize(name) !== undefined) &&
    !names.some((name) => name === "cpu" || name === "memory")
  ) {
    found.push(invalid(path, "huge pages alone are refused", "ask for cpu or memory, too"));
  }
  return found;
}

/** Amounts of the whole pod: all containers together may not ask for more than it does, and none may have more. */
export function podResourceRefusals(pod: JsonObject): PodRefusal[] {
  const resources = objectAt(pod, "resources");
  if (resources === undefined) return [];
  const path: Path = ["resources"];
  const found = resourceRefusals(resources, path);
  const [limits, requests] = [amounts(resources, "limits"), amounts(resources, "requests")];
  const containers = entriesOf(pod, "containers", []).map(({ entry }) => objectAt(entry, "resources") ?? {});
  for (const name of [...limits.keys(), ...requests.keys()]) {
    if (name === "cpu" || name === "memory" || pageSize(name) !== undefined) continue;
    found.push(invalid(path, `a pod as a whole has no ${name}`, "state it for a container"));
  }
  for (const [name, nanos] of requests) {
    const asked = containers.reduce((sum, one) => sum + (amounts(one, "requests").get(name) ?? 0n), 0n);
    if (asked > nanos)
      found.push(invalid([...path, "requests", name], `the containers ask for more ${name}`, "raise it"));
  }
  for (const [name, nanos] of limits) {
    const most = containers.some((one) => (amounts(one, "limits").get(name) ?? 0n) > nanos);
    if (most) found.push(invalid([...path, "limits", name], `a container may have more ${name}`, "raise it"));
  }
  return found;
}

const nano = 1_000_000_000n;

function amounts(resources: JsonObject, list: string): Map<string, bigint> {
  const stated = objectAt(resources, list) ?? {};
  return new Map(Object.entries(stated).map(([name, amount]) => [name, quantityNanos(String(amount))]));
}

/** Bytes of a page, of `hugepages-2Mi` and its like. */
function pageSize(name: string): bigint | undefined {
  const size = /^hugepages-(.+)$/.exec(name)?.[1];
  try {
    return size === undefined ? undefined : quantityNanos(size) / nano || undefined;
  } catch {
    return undefined;
  }
}

function isResourceName(name: string): boolean {
  return ["cpu", "memory", "ephemeral-storage"].includes(name) || pageSize(name) !== undefined || name.includes("/");
}
