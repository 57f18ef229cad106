import { availableParallelism, hostname, totalmem } from "node:os";
import { CooperError } from "../../kit/index.ts";
import type { PodContainer, PodSurroundings, Resources } from "../contract.ts";

/** The value of a field of the pod, as the downward API gives it. Throws `pod/bad-field`. */
export function fieldValue(path: string, around: PodSurroundings): string {
  const selected = /^metadata\.(labels|annotations)\['([^']*)'\]$/.exec(path);
  if (selected !== null) {
    const [, which, key = ""] = selected;
    return (which === "labels" ? around.labels : around.annotations)[key] ?? "";
  }
  switch (path) {
    case "metadata.name":
      return around.name;
    case "metadata.namespace":
      return around.namespace;
    case "metadata.uid":
      return around.uid;
    case "metadata.labels":
      return listed(around.labels);
    case "metadata.annotations":
      return listed(around.annotations);
    case "spec.nodeName":
      return hostname();
    case "spec.serviceAccountName":
      return "default";
    case "status.hostIP":
    case "status.hostIPs":
    case "status.podIP":
    case "status.podIPs":
      return "127.0.0.1";
    default:
      throw new CooperError(
        "pod/bad-field",
        `cannot use field ${JSON.stringify(path)} of the pod: there is none of that name`,
        {
          hint: "use metadata.name, metadata.namespace, metadata.uid, metadata.labels['…'], spec.nodeName, status.podIP, …",
        },
      );
  }
}

function listed(map: Readonly<Record<string, string>>): string {
  const lines = Object.entries(map).map(([key, value]) => `${key}=${JSON.stringify(value)}\n`);
  return lines.sort().join("");
}

/** The amount of a resource of a container in whole units of the divisor, rounded up. Without a limit it is the machine's. Throws `pod/bad-field`. */
export function resourceValue(resource: string, divisor: number, container: Pick<PodContainer, "resources">): string {
  const amounts = amountsOf(container.resources);
  const amount = amounts[resource];
  if (amount === undefined) {
    const hint = `use one of ${Object.keys(amounts).join(", ")}`;
    throw new CooperError(
      "pod/bad-field",
      `cannot use resource ${JSON.stringify(resource)}: there is none of that name`,
      { hint },
    );
  }
  return String(Math.ceil(amount / divisor));
}

function amountsOf({
  memoryLimit,
  memoryRequest,
  cpuLimit,
  cpuRequest,
  storageLimit,
}: Resources): Record<string, number> {
  return {
    "limits.cpu": cpuLimit ?? availableParallelism(),
    "limits.memory": memoryLimit ?? totalmem(),
    "limits.ephemeral-storage": storageLimit ?? 0,
    "requests.cpu": cpuRequest ?? cpuLimit ?? 0,
    "requests.memory": memoryRequest ?? memoryLimit ?? 0,
    "requests.ephemeral-storage": storageLimit ?? 0,
  };
}
