import { CooperError } from "../kit/index.ts";
import { mediaTypes } from "../oci/index.ts";

const manifestTypes: readonly string[] = [
  mediaTypes.ociIndex,
  mediaTypes.ociManifest,
  mediaTypes.dockerIndex,
  mediaTypes.dockerManifest,
];

/**
 * The media type of a manifest or index: what the document says of itself, else the header, else its shape.
 * Throws `registry/bad-answer` for a document that is neither, that is both at once (two readers would see two images), or
 * of Docker's first schema.
 */
export function sniffManifest(bytes: Buffer, contentType: string | undefined, name: string): string {
  const refuse = (why: string) => new CooperError("registry/bad-answer", `cannot use manifest of ${name}: ${why}`);
  let document: Record<string, unknown> | null;
  try {
    document = JSON.parse(bytes.toString("utf8")) as typeof document;
  } catch {
    throw refuse("not JSON");
  }
  if (document === null || typeof document !== "object") throw refuse("not a JSON object");
  if (document.schemaVersion === 1)
    throw refuse("docker schema 1 is no longer supported, rebuild the image as OCI or docker schema 2");
  const index = Array.isArray(document.manifests);
  const manifest = document.config !== undefined || Array.isArray(document.layers);
  if (index && manifest) throw refuse("media-type mismatch, it has both manifests and layers");
  const header = (contentType ?? "").split(";")[0]?.trim() ?? "";
  const said = [document.mediaType, header].find((type) => manifestTypes.includes(String(type)));
  if (said === undefined && !index && !manifest) throw refuse("neither an image manifest nor an index");
  const type = said === undefined ? (index ? mediaTypes.ociIndex : mediaTypes.ociManifest) : String(said);
  const isIndexType = type === mediaTypes.ociIndex || type === mediaTypes.dockerIndex;
  if ((isIndexType && manifest) || (!isIndexType && index))
    throw refuse(`media-type mismatch, its content is no ${type}`);
  return type;
}
