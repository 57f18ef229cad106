import type { EnvSource, ObjectName, PodContainer, PullPolicy, Resources, VolumeMount } from "../contract.ts";
import type { PodFields } from "./fields.ts";
import { readHook, readProbe } from "./probe.ts";
import { amountOf } from "./quantity.ts";
import { readSecurity } from "./security.ts";

const pullPolicies: readonly string[] = ["Always", "IfNotPresent", "Never"] satisfies PullPolicy[];
/** What a local run leaves out, with what is lost by it. */
const leftOut: Readonly<Record<string, string>> = {
  volumeDevices: "block devices are not given",
  resizePolicy: "resources do not change",
};

/** One container. `podSecurity` is the pod's security context; `init` says in which list it stands. */
export function readContainer(fields: PodFields, podSecurity: PodFields, init: boolean): PodContainer {
  const name = fields.text("name") ?? "";
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) {
    fields.error(["name"], `${JSON.stringify(name)} is no name of a container`, "use small letters, digits and -");
  }
  const image = fields.text("image") ?? "";
  if (image === "") fields.error(["image"], "there is no image", "add image:");
  for (const [key, what] of Object.entries(leftOut)) {
    if (fields.has(key)) fields.warn([key], `not done here: ${what}`, "try it on a cluster");
  }
  const command = fields.texts("command");
  const args = fields.texts("args");
  const workingDir = fields.text("workingDir");
  const pullPolicy = readPullPolicy(fields);
  const startupProbe = readProbe(fields, "startupProbe");
  const livenessProbe = readProbe(fields, "livenessProbe");
  const postStart = readHook(fields, "postStart");
  const preStop = readHook(fields, "preStop");
  return {
    name,
    image,
    env: [...fields.list("envFrom").flatMap(readEnvFrom), ...fields.list("env").flatMap(readEnv)],
    mounts: readMounts(fields),
    security: readSecurity(fields.map("securityContext"), podSecurity),
    resources: readResources(fields.map("resources")),
    sidecar: init && fields.text("restartPolicy") === "Always",
    ...(command !== undefined && command.length > 0 && { command }),
    ...(args !== undefined && { args }),
    ...(workingDir !== undefined && workingDir !== "" && { workingDir }),
    ...(pullPolicy !== undefined && { pullPolicy }),
    ...(startupProbe !== undefined && { startupProbe }),
    ...(livenessProbe !== undefined && { livenessProbe }),
    ...(postStart !== undefined && { postStart }),
    ...(preStop !== undefined && { preStop }),
  };
}

function readPullPolicy(fields: PodFields): PullPolicy | undefined {
  const policy = fields.text("imagePullPolicy");
  if (policy === undefined || pullPolicies.includes(policy)) return policy as PullPolicy | undefined;
  fields.error(["imagePullPolicy"], `there is no policy ${JSON.stringify(policy)}`, `use ${pullPolicies.join(", ")}`);
  return undefined;
}

function readEnvFrom(fields: PodFields): readonly EnvSource[] {
  const prefix = fields.text("prefix") ?? "";
  const of = fields.has("secretRef")
    ? objectOf(fields.map("secretRef"), "secret")
    : objectOf(fields.map("configMapRef"), "configMap");
  if (of.name !== "") return [{ kind: "all", prefix, of }];
  fields.error([], "neither configMapRef nor secretRef", "name a config map or a secret");
  return [];
}

function objectOf(fields: PodFields, type: ObjectName["type"]): ObjectName {
  return { type, name: fields.text("name") ?? "", optional: fields.boolean("optional") ?? false };
}

function readEnv(fields: PodFields): readonly EnvSource[] {
  const name = fields.text("name") ?? "";
  if (name === "" || name.includes("=")) {
    fields.error(["name"], `${JSON.stringify(name)} is no name of a variable`, "give it a name without =");
    return [];
  }
  if (!fields.has("valueFrom")) return [{ kind: "value", name, value: fields.text("value") ?? "" }];
  const from = fields.map("valueFrom");
  const [kind] = from.keys();
  const source = kind === undefined ? from : from.map(kind);
  switch (kind) {
    case "secretKeyRef":
    case "configMapKeyRef": {
      const of = objectOf(source, kind === "secretKeyRef" ? "secret" : "configMap");
      return [{ kind: "key", name, of, key: source.text("key") ?? "" }];
    }
    case "fieldRef":
      return [{ kind: "field", name, path: source.text("fieldPath") ?? "" }];
    case "resourceFieldRef": {
      const divisor = amountOf(source.raw("divisor") ?? "1") || 1;
      return [{ kind: "resource", name, resource: source.text("resource") ?? "", divisor }];
    }
    default:
      from.error(
        [],
        `there is no source ${JSON.stringify(kind ?? "")}`,
        "use secretKeyRef, configMapKeyRef, fieldRef or resourceFieldRef",
      );
      return [];
  }
}

/** Two mounts at one place: the first one counts, as the controller has it. */
function readMounts(fields: PodFields): readonly VolumeMount[] {
  const mounts = fields.list("volumeMounts").map((mount): VolumeMount => {
    const path = mount.text("mountPath") ?? "";
    if (path === "") mount.error(["mountPath"], "there is no path", "add mountPath:");
    const subPath = mount.text("subPath");
    const subPathExpr = mount.text("subPathExpr");
    for (const [name, value] of Object.entries({ subPath, subPathExpr })) {
      const outside = value?.startsWith("/") || value?.split("/").includes("..");
      if (outside) mount.error([name], "leads out of the volume", "use a path below the volume, without ..");
    }
    return {
      volume: mount.text("name") ?? "",
      path,
      readOnly: mount.boolean("readOnly") ?? false,
      ...(subPath !== undefined && subPath !== "" && { subPath }),
      ...(subPathExpr !== undefined && subPathExpr !== "" && { subPathExpr }),
    };
  });
  return mounts.filter(({ path }, at) => mounts.findIndex((other) => other.path === path) === at);
}

function readResources(fields: PodFields): Resources {
  const amount = (kind: string, resource: string): number | undefined => {
    const map = fields.map(kind);
    const stated = map.raw(resource);
    const found = amountOf(stated);
    if (stated !== undefined && (found === undefined || found < 0))
      map.error([resource], "no quantity", "write 500m, 2, 512Mi");
    return found;
  };
  const all = {
    memoryLimit: amount("limits", "memory"),
    memoryRequest: amount("requests", "memory"),
    cpuLimit: amount("limits", "cpu"),
    cpuRequest: amount("requests", "cpu"),
    storageLimit: amount("limits", "ephemeral-storage"),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
