import { CooperError, type Digest } from "../kit/index.ts";
import {
  compareBytes,
  encodeImageConfig,
  goJson,
  historyToJson,
  hostPlatform,
  type ImageConfig,
  parseImageConfig,
  rootfsToJson,
} from "../oci/index.ts";
import { epochText, isAfterEpoch } from "./epoch.ts";
import { clampHistory, completeHistory, type LayerInfo } from "./history.ts";
import { rawFields } from "./raw-json.ts";
import { isNull } from "./results.ts";

const code = "export/bad-config";

export interface ConfigPatch {
  readonly layers: readonly (LayerInfo & { readonly diffId: Digest })[];
  /** Seconds since 1970. */
  readonly epoch: number | undefined;
  /** Config of the base image, whose own records keep their times. */
  readonly base: ImageConfig | undefined;
  /** Records of a cache that the image brings along (`type=inline`). */
  readonly inlineCache?: Uint8Array | undefined;
}

/**
 * The frontend's image config made true: its layers, a history that accounts for them, times not after the epoch. Every other
 * field stays byte for byte. Keys come in alphabetical order, as upstream's do. Throws `export/bad-config`.
 */
export function patchConfig(config: Uint8Array | undefined, patch: ConfigPatch): Buffer {
  if (config !== undefined && config.byteLength > 0 && isNull(config)) {
    throw new CooperError(code, "invalid null image config for export");
  }
  const text = config === undefined || config.byteLength === 0 ? defaultConfig() : Buffer.from(config).toString("utf8");
  const image = parseImageConfig(text);
  const fields = rawFields(text, "invalid image config for export", code);
  if (image.platform.os === "") throw new CooperError(code, "invalid image config for export: missing os");
  if (image.platform.architecture === "") {
    throw new CooperError(code, "invalid image config for export: missing architecture");
  }
  const diffIds = patch.layers.map((layer) => layer.diffId);
  fields.set("rootfs", goJson(rootfsToJson(diffIds.length > 0 ? diffIds : undefined)));
  const complete = completeHistory(image.history, patch.layers);
  const history = patch.epoch === undefined ? complete : clampHistory(complete, patch.base?.history ?? [], patch.epoch);
  const none = history.length === 0 && (fields.get("history") ?? "null") === "null";
  fields.set("history", none ? "null" : goJson(history.map(historyToJson)));
  if (patch.inlineCache !== undefined) {
    fields.set("moby.buildkit.cache.v0", JSON.stringify(Buffer.from(patch.inlineCache).toString("base64")));
  }
  setCreated(fields, image, history.findLast((entry) => entry.created !== undefined)?.created, patch.epoch);
  return encodeFields(fields);
}

function setCreated(
  fields: Map<string, string>,
  image: ImageConfig,
  last: string | undefined,
  epoch: number | undefined,
): void {
  if (!fields.has("created"))
    fields.set("created", last === undefined ? "null" : goJson(historyToJson({ created: last }).created));
  else if (epoch !== undefined && image.created !== undefined && isAfterEpoch(image.created, epoch)) {
    fields.set("created", JSON.stringify(epochText(epoch)));
  }
}

function encodeFields(fields: ReadonlyMap<string, string>): Buffer {
  const sorted = [...fields].sort(([a], [b]) => compareBytes(a, b));
  return Buffer.from(`{${sorted.map(([key, value]) => `${goJson(key)}:${value}`).join(",")}}`);
}

/** What an image is without a frontend: the machine's platform and the usual PATH. */
function defaultConfig(): string {
  const env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];
  return encodeImageConfig({ platform: hostPlatform(), config: { env, workingDir: "/" }, history: [] });
}
