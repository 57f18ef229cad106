import type { FileItem, FileSource, ObjectName, Volume } from "../contract.ts";
import type { PodFields } from "./fields.ts";
import { amountOf } from "./quantity.ts";

const hostPathTypes = [
  "",
  "DirectoryOrCreate",
  "Directory",
  "FileOrCreate",
  "File",
  "Socket",
  "CharDevice",
  "BlockDevice",
];
const defaultMode = 0o644;

/** One volume; undefined (and a problem) for a kind that this machine cannot give. */
export function readVolume(fields: PodFields): Volume | undefined {
  const kinds = fields.keys().filter((key) => key !== "name");
  const [kind] = kinds;
  // No source at all is an empty folder, as in Kubernetes.
  if (kind === undefined) return { kind: "emptyDir", memory: false };
  const source = fields.map(kind);
  switch (kind) {
    case "emptyDir":
      return readEmptyDir(source);
    case "ephemeral":
      return { kind: "emptyDir", memory: false };
    case "hostPath": {
      const type = source.text("type") ?? "";
      if (!hostPathTypes.includes(type))
        source.error(["type"], `there is no type ${JSON.stringify(type)}`, `use ${hostPathTypes.slice(1).join(", ")}`);
      return { kind, path: source.text("path") ?? "", type };
    }
    case "persistentVolumeClaim":
      return { kind: "claim", claim: source.text("claimName") ?? "", readOnly: source.boolean("readOnly") ?? false };
    case "configMap":
    case "secret":
      return {
        kind: "files",
        sources: [objectSource(source, kind)],
        mode: modeOf(source, "defaultMode") ?? defaultMode,
      };
    case "downwardAPI":
      return { kind: "files", sources: downward(source), mode: modeOf(source, "defaultMode") ?? defaultMode };
    case "projected":
      return {
        kind: "files",
        sources: source.list("sources").flatMap(projected),
        mode: modeOf(source, "defaultMode") ?? defaultMode,
      };
    default:
      fields.error(
        [kind],
        `this machine has no volumes of kind ${kind}`,
        "use emptyDir, hostPath or persistentVolumeClaim here",
      );
      return undefined;
  }
}

function readEmptyDir(source: PodFields): Volume {
  const medium = source.text("medium") ?? "";
  if (medium !== "" && !medium.startsWith("Memory") && !medium.startsWith("HugePages")) {
    source.error(["medium"], `there is no medium ${JSON.stringify(medium)}`, "use Memory, or none");
  }
  const stated = source.raw("sizeLimit");
  const sizeLimit = amountOf(stated);
  if (stated !== undefined && (sizeLimit === undefined || sizeLimit < 0))
    source.error(["sizeLimit"], "no quantity", "write 512Mi or 10Gi");
  return { kind: "emptyDir", memory: medium !== "", ...(sizeLimit !== undefined && sizeLimit > 0 && { sizeLimit }) };
}

function objectSource(source: PodFields, type: ObjectName["type"]): FileSource {
  const name = source.text(type === "secret" && source.has("secretName") ? "secretName" : "name") ?? "";
  const of = { type, name, optional: source.boolean("optional") ?? false };
  return { kind: "object", of, ...(source.has("items") && { items: source.list("items").map(fileItem) }) };
}

function projected(fields: PodFields): readonly FileSource[] {
  const [kind] = fields.keys();
  switch (kind) {
    case "configMap":
    case "secret":
      return [objectSource(fields.map(kind), kind)];
    case "downwardAPI":
      return downward(fields.map(kind));
    default:
      fields.warn([], `left out: there is no ${kind ?? "source"} on this machine`, "try it on a cluster");
      return [];
  }
}

function downward(source: PodFields): readonly FileSource[] {
  return source.list("items").flatMap((fields): readonly FileSource[] => {
    const item = fileItem(fields);
    if (fields.has("fieldRef")) return [{ kind: "field", item, path: fields.map("fieldRef").text("fieldPath") ?? "" }];
    const from = fields.map("resourceFieldRef");
    const divisor = amountOf(from.raw("divisor") ?? "1") || 1;
    return [
      {
        kind: "resource",
        item,
        container: from.text("containerName") ?? "",
        resource: from.text("resource") ?? "",
        divisor,
      },
    ];
  });
}

function fileItem(fields: PodFields): FileItem {
  const path = fields.text("path") ?? "";
  if (path === "" || path.startsWith("/") || path.split("/").includes("..")) {
    fields.error(["path"], "leads out of the volume", "use a path below the volume, without ..");
  }
  const mode = modeOf(fields, "mode");
  return { key: fields.text("key") ?? "", path, ...(mode !== undefined && { mode }) };
}

function modeOf(fields: PodFields, name: string): number | undefined {
  const mode = fields.whole(name);
  if (mode !== undefined && (mode < 0 || mode > 0o777))
    fields.error([name], "no mode of a file", "write 0o644, or 420");
  return mode;
}
