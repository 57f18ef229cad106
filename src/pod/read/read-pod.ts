import type { Pod, PodContainer, PodProblem, Volume } from "../contract.ts";
import { readContainer } from "./container.ts";
import { PodFields } from "./fields.ts";
import { readVolume } from "./volume.ts";

/** Fields that change what containers see, and that a local run does not have. */
const leftOut: Readonly<Record<string, string>> = {
  hostPID: "containers see only their own processes",
  hostIPC: "containers have an IPC namespace of their own",
  shareProcessNamespace: "containers see only their own processes",
  imagePullSecrets: "images are pulled with this user's logins",
  dnsConfig: "containers have the machine's name servers",
};

/**
 * A PodSpec, as JSON, for this machine. Fields that say where a pod is to run, or how a cluster treats it, mean nothing here and are not looked
 * at. With an error among the problems, the pod must not be run.
 */
export function readPod(spec: unknown): { readonly pod: Pod; readonly problems: readonly PodProblem[] } {
  const problems: PodProblem[] = [];
  const fields = new PodFields(spec, [], problems);
  const security = fields.map("securityContext");
  for (const [name, what] of Object.entries(leftOut)) {
    if (fields.raw(name) !== undefined && fields.raw(name) !== false)
      fields.warn([name], `not done here: ${what}`, "try it on a cluster");
  }
  if (fields.boolean("hostUsers") === false)
    fields.warn(["hostUsers"], "not done here: users are the machine's", "try it on a cluster");
  const initContainers = fields.list("initContainers").map((one) => readContainer(one, security, true));
  const containers = fields.list("containers").map((one) => readContainer(one, security, false));
  const volumes = readVolumes(fields);
  checkNames(fields, [...initContainers, ...containers], volumes);
  const hostname = fields.text("hostname");
  const fsGroup = security.whole("fsGroup");
  const graceSeconds = fields.whole("terminationGracePeriodSeconds");
  const activeDeadlineSeconds = fields.whole("activeDeadlineSeconds");
  const groups = security.raw("supplementalGroups");
  const pod: Pod = {
    volumes,
    initContainers,
    containers,
    hostNetwork: fields.boolean("hostNetwork") === true,
    hostAliases: fields.list("hostAliases").flatMap((alias) => {
      const ip = alias.text("ip") ?? "";
      return (alias.texts("hostnames") ?? []).map((host) => ({ host, ip }));
    }),
    supplementalGroups: Array.isArray(groups) ? groups.filter((group) => Number.isSafeInteger(group)) : [],
    ...(hostname !== undefined && { hostname }),
    ...(fsGroup !== undefined && { fsGroup }),
    ...(graceSeconds !== undefined && { graceSeconds }),
    ...(activeDeadlineSeconds !== undefined && { activeDeadlineSeconds }),
  };
  return { pod, problems };
}

function readVolumes(fields: PodFields): ReadonlyMap<string, Volume> {
  const volumes = new Map<string, Volume>();
  for (const entry of fields.list("volumes")) {
    const name = entry.text("name") ?? "";
    if (volumes.has(name))
      entry.error(["name"], `there is another volume ${JSON.stringify(name)}`, "give it another name");
    const volume = readVolume(entry);
    if (volume !== undefined) volumes.set(name, volume);
  }
  return volumes;
}

function checkNames(
  fields: PodFields,
  containers: readonly PodContainer[],
  volumes: ReadonlyMap<string, Volume>,
): void {
  const stated = new Set(fields.list("volumes").map((one) => one.text("name")));
  for (const list of ["initContainers", "containers"]) {
    for (const container of fields.list(list)) {
      for (const mount of container.list("volumeMounts")) {
        const name = mount.text("name") ?? "";
        if (volumes.has(name) || stated.has(name)) continue;
        mount.error(["name"], `there is no volume ${JSON.stringify(name)}`, "add it to the pod's volumes");
      }
    }
  }
  const names = containers.map(({ name }) => name);
  for (const name of new Set(names.filter((one, at) => names.indexOf(one) !== at))) {
    fields.error(["containers"], `two containers are called ${JSON.stringify(name)}`, "give each its own name");
  }
}
