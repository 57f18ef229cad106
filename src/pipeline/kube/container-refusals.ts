import type { JsonObject } from "./json.ts";
import type { Path } from "./normalise.ts";
import { entriesOf, invalid, objectAt, type PodRefusal, textAt } from "./refusal.ts";
import { resourceRefusals } from "./resource-refusals.ts";

/** What is wrong with one container of a pod besides its fields: what they refer to, and what they exclude. */
export function containerRefusals(container: JsonObject, path: Path, pod: JsonObject): PodRefusal[] {
  const volumes = new Map(entriesOf(pod, "volumes", []).map(({ entry }) => [textAt(entry, "name"), entry]));
  return [
    ...imageRefusals(container, path),
    ...envRefusals(container, path),
    ...mountRefusals(container, path, volumes),
    ...deviceRefusals(container, path, volumes),
    ...portRefusals(container, path, pod.hostNetwork === true),
    ...resourceRefusals(objectAt(container, "resources") ?? {}, [...path, "resources"]),
    ...handlerRefusals(container, path, pod),
  ];
}

function imageRefusals(container: JsonObject, path: Path): PodRefusal[] {
  if (textAt(container, "image") !== "") return [];
  const text = `container "${textAt(container, "name")}" has no image`;
  return [{ kind: "no-image", path: [...path, "image"], text, fix: "add image:" }];
}

function envRefusals(container: JsonObject, path: Path): PodRefusal[] {
  return entriesOf(container, "env", path).flatMap(({ entry, path: at }) =>
    objectAt(entry, "valueFrom") === undefined || textAt(entry, "value") === ""
      ? []
      : [invalid(at, `${textAt(entry, "name")} has a value and a source of one`, "leave one")],
  );
}

function mountRefusals(container: JsonObject, path: Path, volumes: ReadonlyMap<string, JsonObject>): PodRefusal[] {
  const seen = new Set<string>();
  return entriesOf(container, "volumeMounts", path).flatMap(({ entry, path: at }): PodRefusal[] => {
    const [name, target] = [textAt(entry, "name"), textAt(entry, "mountPath")];
    const found = [...mountOptionRefusals(container, entry, at)];
    if (!volumes.has(name)) {
      const fix = `add a volume "${name}" to podSpec.volumes, or mount one of: ${[...volumes.keys()].join(", ")}`;
      const text = `container "${textAt(container, "name")}" mounts the volume "${name}", which the pod does not have`;
      found.push({ kind: "missing-volume", path: [...at, "name"], text, fix });
    }
    if (seen.has(target)) found.push(invalid([...at, "mountPath"], `two mounts at ${target}`, "remove one"));
    seen.add(target);
    return found;
  });
}

function mountOptionRefusals(container: JsonObject, mount: JsonObject, path: Path): PodRefusal[] {
  const privileged = objectAt(container, "securityContext")?.privileged === true;
  const found: PodRefusal[] = [];
  if (textAt(mount, "subPath") !== "" && textAt(mount, "subPathExpr") !== "") {
    found.push(invalid([...path, "subPathExpr"], "subPath is there, too", "leave one of them"));
  }
  if (mount.mountPropagation === "Bidirectional" && !privileged) {
    found.push(invalid([...path, "mountPropagation"], "Bidirectional is for privileged containers", "remove it"));
  }
  const recursive = ["IfPossible", "Enabled"].includes(textAt(mount, "recursiveReadOnly"));
  if (recursive && mount.readOnly !== true) {
    found.push(invalid([...path, "recursiveReadOnly"], "this is for readOnly: true only", "add readOnly: true"));
  }
  return found;
}

function deviceRefusals(container: JsonObject, path: Path, volumes: ReadonlyMap<string, JsonObject>): PodRefusal[] {
  const mounted = new Set(entriesOf(container, "volumeMounts", []).map(({ entry }) => textAt(entry, "name")));
  return entriesOf(container, "volumeDevices", path).flatMap(({ entry, path: at }): PodRefusal[] => {
    const name = textAt(entry, "name");
    const volume = volumes.get(name);
    const device = volume !== undefined && (volume.persistentVolumeClaim ?? volume.ephemeral) !== undefined;
    if (!device) return [invalid([...at, "name"], `the volume "${name}" is no claim`, "name a persistentVolumeClaim")];
    return mounted.has(name) ? [invalid([...at, "name"], `the volume "${name}" is mounted, too`, "leave one")] : [];
  });
}

function portRefusals(container: JsonObject, path: Path, hostNetwork: boolean): PodRefusal[] {
  const names = new Set<string>();
  const hostPorts = new Set<string>();
  return entriesOf(container, "ports", path).flatMap(({ entry, path: at }): PodRefusal[] => {
    const { containerPort, hostPort = 0, protocol = "TCP" } = entry;
    const name = textAt(entry, "name");
    const found: PodRefusal[] = [];
    if (hostNetwork && hostPort !== 0 && hostPort !== containerPort) {
      found.push(invalid([...at, "hostPort"], "in the node's network it must be the containerPort", "remove hostPort"));
    }
    const host = `${String(protocol)} ${textAt(entry, "hostIP")} ${String(hostPort)}`;
    if (hostPort !== 0 && hostPorts.has(host)) {
      found.push(invalid([...at, "hostPort"], "this port of the node is taken twice", "remove one"));
    }
    if (name !== "" && names.has(name)) {
      found.push(invalid([...at, "name"], `there is another port "${name}"`, "give it another name"));
    }
    names.add(name);
    hostPorts.add(host);
    return found;
  });
}

const probes = ["livenessProbe", "readinessProbe", "startupProbe"];

/** Probes and hooks: where there may be none, and what only some may say. */
function handlerRefusals(container: JsonObject, path: Path, pod: JsonObject): PodRefusal[] {
  const plainInit = path[0] === "initContainers" && container.restartPolicy !== "Always";
  const stated = [...probes, "lifecycle"].filter((name) => objectAt(container, name) !== undefined);
  if (plainInit) {
    const fix = "remove it, or make it a sidecar: restartPolicy: Always";
    return stated.map((name) => invalid([...path, name], "an init container may have none", fix));
  }
  return [
    ...probes.flatMap((name) => probeRefusals(name, objectAt(container, name), [...path, name])),
    ...sleepRefusals(container, path, pod),
  ];
}

function probeRefusals(name: string, probe: JsonObject | undefined, path: Path): PodRefusal[] {
  if (probe === undefined) return [];
  const found: PodRefusal[] = [];
  const { successThreshold: success, terminationGracePeriodSeconds: grace } = probe;
  if (name !== "readinessProbe" && typeof success === "number" && success > 1) {
    found.push(invalid([...path, "successThreshold"], "this must be 1", "remove it"));
  }
  if (name === "readinessProbe" && grace !== undefined) {
    found.push(invalid([...path, "terminationGracePeriodSeconds"], "a readiness probe has none", "remove it"));
  }
  return found;
}

/** A hook may not sleep longer than the pod has to end. */
function sleepRefusals(container: JsonObject, path: Path, pod: JsonObject): PodRefusal[] {
  const grace = typeof pod.terminationGracePeriodSeconds === "number" ? pod.terminationGracePeriodSeconds : 30;
  return ["postStart", "preStop"].flatMap((name) => {
    const hook = objectAt(objectAt(container, "lifecycle") ?? {}, name) ?? {};
    const seconds = objectAt(hook, "sleep")?.seconds;
    if (typeof seconds !== "number" || seconds <= grace) return [];
    const text = `this is longer than the pod's grace period of ${grace} seconds`;
    return [invalid([...path, "lifecycle", name, "sleep", "seconds"], text, "sleep less")];
  });
}
