import type { Platform } from "../oci/index.ts";
import type { pb } from "../wire/index.ts";

/** A platform as the wire has it. */
export function wirePlatform(platform: Platform) {
  const { os, architecture, variant = "", osVersion = "", osFeatures = [] } = platform;
  return { os, architecture, variant, osVersion, osFeatures };
}

/** A platform from the wire; empty is absent. */
export function plainPlatform({ os, architecture, variant, osVersion, osFeatures }: pb.Platform): Platform {
  return {
    os,
    architecture,
    ...(variant !== "" && { variant }),
    ...(osVersion !== "" && { osVersion }),
    ...(osFeatures.length > 0 && { osFeatures }),
  };
}
