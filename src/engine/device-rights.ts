import { existsSync } from "node:fs";
import { CooperError, type Digest } from "../kit/index.ts";
import type { DefinitionVertex, ExecOp, ParsedDefinition } from "../llb/index.ts";
import type { DeviceRegistry } from "../ops/index.ts";

type Asked = ExecOp["devices"];

/** What a request was granted: `device` all, `device=NAME` one, `device=NAME,alias=OTHER` one under another name. */
interface Grant {
  readonly all: boolean;
  /** By the name that steps use: the device's own, or empty when that is the same. */
  readonly names: ReadonlyMap<string, string>;
}

/**
 * The steps of a definition that ask for devices, with the devices that they get, by digest. Throws `ops/no-device`, and
 * `engine/entitlement` for what the request was not granted.
 */
export async function devicesOf(
  definition: ParsedDefinition,
  granted: readonly string[],
  registry: DeviceRegistry | undefined,
): Promise<ReadonlyMap<Digest, DefinitionVertex>> {
  const changed = new Map<Digest, DefinitionVertex>();
  for (const vertex of definition.vertices) {
    const { body } = vertex.op;
    if (body.kind !== "exec" || body.devices.length === 0) continue;
    const devices = await allowedDevices(body.devices, granted, registry);
    changed.set(vertex.digest, { ...vertex, op: { ...vertex.op, body: { ...body, devices } } });
  }
  return changed;
}

/**
 * The devices that a step gets, by their full names. Throws `ops/no-device`, and `engine/entitlement` in upstream's words for
 * those that the request was not granted and that do not allow everybody.
 */
async function allowedDevices(
  asked: Asked,
  granted: readonly string[],
  registry: DeviceRegistry | undefined,
): Promise<Asked> {
  const grant = readGrants(granted);
  if (registry === undefined) return withoutRegistry(asked, grant);
  const mayHave = new Set<string>();
  for (const name of grant.names.keys()) for (const device of await registry.find(name, true)) mayHave.add(device.name);
  const given = new Map<string, boolean>();
  const forbidden: string[] = [];
  for (const { name, optional } of asked) {
    const alias = grant.names.get(name) ?? "";
    const file = alias || name;
    if (file.startsWith("/")) {
      if (optional && !existsSync(file)) continue;
      if (grant.all || grant.names.has(name)) given.set(file, optional);
      else forbidden.push(name);
      continue;
    }
    for (const device of await registry.find(alias || name, optional)) {
      if (grant.all || alias !== "" || mayHave.has(device.name) || device.autoAllow) given.set(device.name, optional);
      else forbidden.push(device.name);
    }
  }
  refuse(forbidden);
  return [...given].map(([name, optional]) => ({ name, optional }));
}

/** Where the interface is switched off there are device files only. */
function withoutRegistry(asked: Asked, grant: Grant): Asked {
  refuse(asked.flatMap(({ name }) => (grant.all || grant.names.has(name) ? [] : [name])));
  return asked;
}

function refuse(forbidden: readonly string[]): void {
  if (forbidden.length === 0) return;
  const names = [...new Set(forbidden)];
  const hint = { hint: names.map((name) => `add --allow device=${name}`).join(" ") };
  const verb = names.length === 1 ? "device" : "devices";
  const sentence = `${verb} ${names.join(", ")} ${names.length === 1 ? "is" : "are"} requested by the build but not allowed`;
  throw new CooperError("engine/entitlement", sentence, hint);
}

function readGrants(granted: readonly string[]): Grant {
  const texts = granted.filter((entitlement) => entitlement === "device" || entitlement.startsWith("device="));
  const names = new Map<string, string>();
  for (const text of texts) {
    const [name = "", ...options] = text.slice("device=".length).split(",");
    const alias = options.find((option) => option.startsWith("alias="))?.slice("alias=".length);
    if (text.startsWith("device=")) names.set(alias ?? name, alias === undefined ? "" : name);
  }
  return { all: texts.includes("device"), names };
}
