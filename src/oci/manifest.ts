import { CooperError } from "../kit/index.ts";
import { type Descriptor, descriptorToJson, mediaTypes, parseDescriptor } from "./descriptor.ts";
import { goJson, JsonObject, parseJson, sortedMap } from "./json.ts";

/** OCI image manifest, or Docker's (schema 2). */
export interface Manifest {
  readonly kind: "manifest";
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** OCI image index, or Docker's manifest list. */
export interface Index {
  readonly kind: "index";
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The largest manifest or index in bytes that is read: what registries take, doubled. */
export const manifestLimit = 8 * 1024 * 1024;
const mostLayers = 4096;
const mostManifests = 4096;

/**
 * Reads a manifest or an index. `mediaType` is what the descriptor or the registry called it; the document must agree with it.
 * Throws `oci/bad-manifest`; a document that could be read as both kinds is refused (OCI image spec, CVE-2021-41190).
 */
export function parseManifest(bytes: Uint8Array, mediaType = ""): Manifest | Index {
  const json = parseJson(bytes, manifestLimit, "manifest", "oci/bad-manifest");
  const schema = json.integer("schemaVersion");
  if (schema === 1) throw badManifest("schema version 1 found, which no registry should serve any more, 2 wanted");
  const stated = json.string("mediaType") ?? "";
  const named = mediaType.split(";", 1)[0] as string;
  if (named !== "" && stated !== "" && named !== stated)
    throw badManifest(`media type ${stated} found, ${named} wanted`);
  const kind = kindOf(stated || named, json);
  const other = kind === "index" ? ["config", "layers"] : ["manifests"];
  if (other.some((key) => json.get(key) !== undefined)) throw badManifest("fields of a manifest and of an index found");
  return kind === "index" ? readIndex(json, stated || named) : readManifest(json, stated || named);
}

/** `parseManifest`, and the result must be a manifest. */
export function parseImageManifest(bytes: Uint8Array, mediaType = ""): Manifest {
  const parsed = parseManifest(bytes, mediaType);
  if (parsed.kind !== "manifest") throw badManifest("an index found, a manifest wanted");
  return parsed;
}

/** `parseManifest`, and the result must be an index. */
export function parseIndex(bytes: Uint8Array, mediaType = ""): Index {
  const parsed = parseManifest(bytes, mediaType);
  if (parsed.kind !== "index") throw badManifest("a manifest found, an index wanted");
  return parsed;
}

function kindOf(mediaType: string, json: JsonObject): "manifest" | "index" {
  if (isIndexType(mediaType)) return "index";
  if (isManifestType(mediaType)) return "manifest";
  if (mediaType !== "" && json.get("manifests") === undefined && json.get("layers") === undefined) {
    throw badManifest(`media type ${JSON.stringify(mediaType)} found, a manifest or an index wanted`);
  }
  return json.get("manifests") === undefined ? "manifest" : "index";
}

/** True of OCI's index and of Docker's manifest list. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerIndex;
}
function isManifestType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociManifest || mediaType === mediaTypes.dockerManifest;
}

function readManifest(json: JsonObject, mediaType: string): Manifest {
  const config = json.object("config");
  if (config === undefined) throw badManifest("no config found");
  const layers = descriptors(json, "layers", mostLayers);
  return {
    kind: "manifest",
    mediaType: mediaType || mediaTypes.ociManifest,
    config: parseDescriptor(config),
    layers,
    ...common(json),
  };
}

function readIndex(json: JsonObject, mediaType: string): Index {
  const manifests = descriptors(json, "manifests", mostManifests);
  return { kind: "index", mediaType: mediaType || mediaTypes.ociIndex, manifests, ...common(json) };
}

function common(json: JsonObject): Pick<Manifest, "artifactType" | "subject" | "annotations"> {
  const artifactType = json.string("artifactType");
  const subject = json.object("subject");
  const annotations = json.record("annotations");
  return {
    ...(artifactType && { artifactType }),
    ...(subject && { subject: parseDescriptor(subject) }),
    ...(annotations && { annotations }),
  };
}

function descriptors(json: JsonObject, key: string, most: number): Descriptor[] {
  const list = json.list(key) ?? [];
  if (list.length > most) throw badManifest(`${list.length} ${key} found, at most ${most} wanted`);
  return list.map((entry, index) =>
    parseDescriptor(new JsonObject(entry, `manifest.${key}[${index}]`, "oci/bad-manifest")),
  );
}

/** The manifest's bytes as upstream writes them: two spaces of indent, its key order. */
export function encodeManifest(manifest: Omit<Manifest, "kind">, indent = 2): Buffer {
  return encode(
    {
      schemaVersion: 2,
      mediaType: manifest.mediaType,
      artifactType: manifest.artifactType || undefined,
      config: descriptorToJson(manifest.config),
      // Upstream's list of no layers is a nil slice.
      layers: manifest.layers.length > 0 ? manifest.layers.map(descriptorToJson) : null,
      subject: manifest.subject && descriptorToJson(manifest.subject),
      annotations: sortedMap(manifest.annotations),
    },
    indent,
  );
}

/** The index's bytes as upstream writes them. `indent` 0 gives the compact form of `index.json` in a layout. */
export function encodeIndex(index: Omit<Index, "kind">, indent = 2): Buffer {
  return encode(
    {
      schemaVersion: 2,
      mediaType: index.mediaType || undefined,
      artifactType: index.artifactType || undefined,
      manifests: index.manifests.map(descriptorToJson),
      subject: index.subject && descriptorToJson(index.subject),
      annotations: sortedMap(index.annotations),
    },
    indent,
  );
}

function encode(value: unknown, indent = 2): Buffer {
  return Buffer.from(goJson(value, indent));
}

function badManifest(found: string): CooperError {
  return new CooperError("oci/bad-manifest", `cannot read manifest: ${found}`);
}
