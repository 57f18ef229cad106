import { CooperError } from "../kit/index.ts";
import {
  formatPlatformAll,
  hostPlatform,
  JsonObject,
  normalizePlatform,
  type Platform,
  parseImageConfig,
  parseJson,
  platformFromJson,
} from "../oci/index.ts";
import type { ExportSource, ExportTree } from "./contract.ts";

const code = "export/bad-result";

/** One platform's result. `id` is the key of its metadata: `linux/arm64`. */
export interface PlatformResult {
  readonly id: string;
  readonly platform: Platform;
  readonly tree: ExportTree;
}

/** The results in the frontend's order. `isMap`: asked for by platform, so an index (or a folder per platform) is made. */
export interface Results {
  readonly isMap: boolean;
  readonly platforms: readonly PlatformResult[];
}

/** Pairs the trees with the platforms that the frontend names (`refs.platforms`), or finds out the single one's. Throws `export/bad-result`. */
export function readResults(source: ExportSource): Results {
  const isMap = source.images.some((image) => image.platform !== undefined);
  const named = source.metadata.get("refs.platforms");
  if (isMap && named === undefined) {
    throw new CooperError(code, "unable to export multiple refs, missing platforms mapping");
  }
  const platforms = named === undefined ? [singlePlatform(source)] : readPlatforms(named);
  if (!isMap && platforms.length > 1) {
    throw new CooperError(code, "cannot export multiple platforms without multi-platform enabled");
  }
  return { isMap, platforms: platforms.map(({ id, platform }) => ({ id, platform, tree: treeOf(source, id, isMap) })) };
}

/** A metadata value for one platform (`containerimage.config/linux/arm64`), else the one for all. */
export function metadataFor(source: ExportSource, key: string, id: string): Uint8Array | undefined {
  return source.metadata.get(`${key}/${id}`) ?? source.metadata.get(key);
}

function treeOf(source: ExportSource, id: string, isMap: boolean): ExportTree {
  if (!isMap) return source.images[0]?.tree ?? { layers: [] };
  const found = source.images.find(
    (image) => image.platform !== undefined && formatPlatformAll(normalizePlatform(image.platform)) === id,
  );
  if (found === undefined) throw new CooperError(code, `failed to find ref for ID ${id}`);
  return found.tree;
}

function singlePlatform(source: ExportSource): { id: string; platform: Platform } {
  const config = source.metadata.get("containerimage.config");
  const found = config === undefined || isNull(config) ? hostPlatform() : parseImageConfig(config).platform;
  if ((found.os === "") !== (found.architecture === "")) {
    throw new CooperError(code, "invalid image config: os and architecture must be specified together");
  }
  const platform = normalizePlatform(found.os === "" ? hostPlatform() : found);
  return { id: formatPlatformAll(platform), platform };
}

function readPlatforms(bytes: Uint8Array): { id: string; platform: Platform }[] {
  if (isNull(bytes)) throw new CooperError(code, "invalid empty platforms index for exporter");
  const json = parseJson(bytes, 1024 * 1024, "platforms of the result", code);
  const list = json.list("Platforms") ?? json.list("platforms") ?? [];
  if (list.length === 0) throw new CooperError(code, "invalid empty platforms index for exporter");
  return list.map((entry) => {
    const object = new JsonObject(entry, "platforms of the result", code);
    const id = object.string("ID") ?? object.string("id") ?? "";
    if (id === "") throw new CooperError(code, "invalid empty platform key for exporter");
    const platform = object.object("Platform") ?? object.object("platform");
    const value = platform && platformFromJson(platform);
    if (value === undefined || value.os === "" || value.architecture === "") {
      throw new CooperError(code, `invalid platform value of ${id} for exporter`);
    }
    return { id, platform: normalizePlatform(value) };
  });
}

/** Whether a frontend sent JSON's null, which is an object of no fields to others. */
export function isNull(json: Uint8Array): boolean {
  return json.byteLength === 0 || (json.byteLength < 16 && Buffer.from(json).toString().trim() === "null");
}
