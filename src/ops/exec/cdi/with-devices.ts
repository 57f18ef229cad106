import { existsSync } from "node:fs";
import type { Step } from "../../../executor/index.ts";
import { CooperError } from "../../../kit/index.ts";
import type { ExecOp } from "../../../llb/index.ts";
import type { ContainerEdits } from "./contract.ts";
import type { DeviceRegistry } from "./device-registry.ts";

/**
 * The step with its devices: device files by path, registered ones by name. An optional one that is not there is left out. What
 * a device sets in the environment counts more than what the step sets. Throws `ops/no-device`.
 */
export async function withDevices(
  step: Step,
  asked: ExecOp["devices"],
  registry: DeviceRegistry | undefined,
): Promise<Step> {
  let given = step;
  for (const { name, optional } of asked) {
    if (name.startsWith("/")) {
      if (!optional || existsSync(name)) given = { ...given, devices: [...given.devices, { path: name }] };
      continue;
    }
    for (const { edits } of (await registry?.find(name, optional)) ?? switchedOff(name, optional)) {
      given = edits.reduce(edited, given);
    }
  }
  return given;
}

function switchedOff(name: string, optional: boolean): [] {
  if (optional) return [];
  throw new CooperError("ops/no-device", `required device ${JSON.stringify(name)} is not registered`, {
    hint: "the Container Device Interface is switched off, only device files can be given, such as /dev/fuse",
  });
}

function edited(step: Step, { env, deviceNodes, mounts, hooks, additionalGids }: ContainerEdits): Step {
  const names = new Set(env.map((entry) => entry.slice(0, entry.indexOf("="))));
  const kept = step.env.filter((entry) => !names.has(entry.slice(0, entry.indexOf("="))));
  const groups = [...(step.rights?.additionalGids ?? []), ...additionalGids];
  return {
    ...step,
    env: [...kept, ...env],
    devices: [
      ...step.devices,
      ...deviceNodes.map(({ path, hostPath, permissions }) => ({ path, source: hostPath, access: permissions })),
    ],
    mounts: [
      ...step.mounts,
      ...mounts.map(({ hostPath, containerPath, options }) => ({
        kind: "bind" as const,
        source: hostPath,
        target: containerPath,
        readonly: options.includes("ro"),
        options: options.filter((option) => /^no(?:suid|dev|exec)$/.test(option)),
      })),
    ],
    hooks: [...(step.hooks ?? []), ...hooks],
    ...(groups.length > 0 && { rights: { ...step.rights, additionalGids: groups } }),
  };
}
