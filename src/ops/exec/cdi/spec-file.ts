import { CooperError } from "../../../kit/index.ts";
import { JsonObject } from "../../../oci/index.ts";
import type { ContainerEdits, DeviceNode, EditHook, EditMount } from "./contract.ts";

const code = "ops/bad-cdi-spec";

/** A file of the Container Device Interface: devices of one kind. */
export interface SpecFile {
  /** `vendor.example/class`. */
  readonly kind: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly edits: ContainerEdits;
  readonly devices: readonly SpecDevice[];
}
export interface SpecDevice {
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly edits: ContainerEdits;
}

const kindPattern = /^[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]\/[A-Za-z][A-Za-z0-9_-]*$/;
const namePattern = /^[A-Za-z0-9]([A-Za-z0-9_.:-]*[A-Za-z0-9])?$/;

/** Reads what YAML or JSON gave. Throws `ops/bad-cdi-spec`. */
export function readSpecFile(value: unknown, path: string): SpecFile {
  const file = new JsonObject(value, `CDI file ${path}`, code);
  const kind = file.required("kind");
  if (!kindPattern.test(kind)) throw bad(path, `invalid kind ${JSON.stringify(kind)}`);
  file.required("cdiVersion");
  const devices = objects(file, "devices", path).map((device) => {
    const name = device.required("name");
    if (!namePattern.test(name)) throw bad(path, `invalid device name ${JSON.stringify(name)}`);
    return { name, annotations: annotationsOf(device), edits: editsOf(device.object("containerEdits"), path) };
  });
  return { kind, annotations: annotationsOf(file), edits: editsOf(file.object("containerEdits"), path), devices };
}

/** Values may be written as YAML's numbers and booleans. */
function annotationsOf(of: JsonObject): Record<string, string> {
  const annotations = of.object("annotations");
  return Object.fromEntries((annotations?.keys() ?? []).map((key) => [key, String(annotations?.get(key))]));
}

function editsOf(edits: JsonObject | undefined, path: string): ContainerEdits {
  if (edits === undefined) return { env: [], deviceNodes: [], mounts: [], hooks: [], additionalGids: [] };
  return {
    env: (edits.strings("env") ?? []).filter((entry) => entry.includes("=")),
    deviceNodes: objects(edits, "deviceNodes", path).map((node) => deviceNode(node, path)),
    mounts: objects(edits, "mounts", path).map((mount) => editMount(mount, path)),
    hooks: objects(edits, "hooks", path).map(hook),
    additionalGids: (edits.list("additionalGids") ?? []).filter((gid) => Number.isSafeInteger(gid)) as number[],
  };
}

function deviceNode(node: JsonObject, file: string): DeviceNode {
  const path = absolute(node.required("path"), file);
  const permissions = node.string("permissions") || "rw";
  if (!/^[rwm]+$/.test(permissions)) throw bad(file, `invalid permissions ${JSON.stringify(permissions)}`);
  return { path, hostPath: absolute(node.string("hostPath") || path, file), permissions };
}

function editMount(mount: JsonObject, file: string): EditMount {
  return {
    hostPath: absolute(mount.required("hostPath"), file),
    containerPath: absolute(mount.required("containerPath"), file),
    options: mount.strings("options") ?? [],
  };
}

function hook(from: JsonObject): EditHook {
  return {
    name: from.required("hookName"),
    path: from.required("path"),
    args: from.strings("args") ?? [],
    env: from.strings("env") ?? [],
    timeout: from.integer("timeout"),
  };
}

function objects(of: JsonObject, key: string, path: string): JsonObject[] {
  return (of.list(key) ?? []).map((entry) => new JsonObject(entry, `${key} of CDI file ${path}`, code));
}

function absolute(path: string, file: string): string {
  if (path.startsWith("/")) return path;
  throw bad(file, `${JSON.stringify(path)} is no absolute path`);
}

function bad(path: string, why: string): CooperError {
  return new CooperError(code, `cannot use CDI file ${path}: ${why}`);
}
