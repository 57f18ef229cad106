import {
  encodeImageConfig,
  formatPlatformAll,
  goJson,
  normalizePlatform,
  type Platform,
  platformToJson,
} from "../../oci/index.ts";
import type { FrontendRef, FrontendResult } from "../contract.ts";
import type { Converted } from "./convert/convert.ts";

/** One platform's part of a result. */
export interface BuiltPlatform {
  readonly platform: Platform;
  readonly ref: FrontendRef | undefined;
  readonly converted: Pick<Converted, "image" | "baseImage" | "epoch">;
}

/** Refs and metadata of all platforms, with upstream's keys. */
export function frontendResult(built: readonly BuiltPlatform[], multiPlatform: boolean): FrontendResult {
  const refs = new Map<string, FrontendRef | undefined>();
  const metadata = new Map<string, Uint8Array>();
  const platforms: unknown[] = [];
  for (const { platform, ref, converted } of built) {
    const { image, baseImage, epoch } = converted;
    const id = platformKey(platform);
    const suffix = multiPlatform ? `/${id}` : "";
    const put = (key: string, value: string) => metadata.set(key + suffix, Buffer.from(value));
    refs.set(multiPlatform ? id : "", ref);
    put("containerimage.config", encodeImageConfig(image));
    if (baseImage !== undefined) put("containerimage.base.config", encodeImageConfig(baseImage));
    if (epoch !== undefined) put("source.date.epoch", String(epoch));
    platforms.push({ ID: id, Platform: platformToJson(exported(platform, image.platform)) });
  }
  metadata.set("refs.platforms", Buffer.from(goJson({ Platforms: platforms })));
  return { refs, metadata };
}

/** The key of a platform's part: `linux/arm64`. */
export function platformKey(platform: Platform): string {
  return formatPlatformAll(normalizePlatform(platform));
}

/** Windows images are tied to a build: what was not asked for comes from the base image. */
function exported(wanted: Platform, image: Platform): Platform {
  const platform = normalizePlatform(wanted);
  if (platform.os !== "windows" || image.os !== "windows") return platform;
  return normalizePlatform({
    ...platform,
    ...(!platform.osVersion && image.osVersion && { osVersion: image.osVersion }),
    ...(platform.osFeatures === undefined && image.osFeatures && { osFeatures: image.osFeatures }),
  });
}
