import type { Platform } from "../oci/index.ts";
import type { pb } from "../wire/index.ts";

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
