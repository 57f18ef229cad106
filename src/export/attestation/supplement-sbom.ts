import { upstreamVersion } from "../../kit/index.ts";
import { goJson, predicateTypes } from "../../oci/index.ts";
import type { FileLayers } from "./file-layers.ts";
import { isCore, type LoadedAttestation } from "./load.ts";
import { inSpdxOrder } from "./spdx-order.ts";

type Fields = Record<string, unknown>;

/** Versions of SPDX that are understood. */
const versions: ReadonlySet<unknown> = new Set(["SPDX-2.1", "SPDX-2.2", "SPDX-2.3"]);

/**
 * Adds to a bill of materials of an image which layer each file is from, in the comments of its files that have none. Its fields come
 * in upstream's order, its content stays. What is no SPDX document is left as it is.
 */
export async function supplementSbom(attestation: LoadedAttestation, layers: FileLayers): Promise<LoadedAttestation> {
  const { predicateType, path, predicate } = attestation;
  if (predicateType !== predicateTypes.spdx) return attestation;
  if (!isCore({ ...attestation, path: path.slice(path.lastIndexOf("/") + 1) })) return attestation;
  const document: unknown = JSON.parse(predicate);
  if (!isObject(document) || !versions.has(document.spdxVersion)) return attestation;
  for (const file of filesOf(document)) await comment(file, layers);
  return { ...attestation, predicate: goJson(completed(document)) };
}

function filesOf(document: Fields): Fields[] {
  const packages = list(document.packages);
  return [document, ...packages].flatMap(({ files }) => list(files));
}

async function comment(file: Fields, layers: FileLayers): Promise<void> {
  const { comment: before, fileName } = file;
  if (typeof fileName !== "string" || (before !== undefined && before !== "")) return;
  const layer = await layers.find(fileName);
  if (layer !== undefined) file.comment = `layerID: ${layer}`;
}

/** With all that must be there, and the builder among those who made it. */
function completed(document: Fields): unknown {
  const info = isObject(document.creationInfo) ? document.creationInfo : {};
  const creators = Array.isArray(info.creators) ? info.creators : [];
  return inSpdxOrder({
    ...{ dataLicense: "", documentNamespace: "", ...document },
    creationInfo: { created: "", ...info, creators: [...creators, `Tool: buildkit-${upstreamVersion}`] },
  });
}

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
