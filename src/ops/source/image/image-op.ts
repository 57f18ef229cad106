import { CooperError, sha256Fields } from "../../../kit/index.ts";
import { hostPlatform, type Platform, parseReference } from "../../../oci/index.ts";
import type { Op } from "../../../solver/index.ts";
import type { ImageLayer, OpScope, Ref } from "../../contract.ts";
import { timed } from "../task.ts";
import type { ImageResolver, ResolvedImage } from "./image-resolver.ts";

const scheme = "docker-image://";

/**
 * `docker-image://REF`: a registry's image. The recipe resolves the name, for its platform; the result's layers are pending:
 * nothing is pulled until a step needs the bytes. The key is the tree's chain id: two names of one tree share results.
 */
export function imageSource(
  identifier: string,
  attrs: ReadonlyMap<string, string>,
  platform: Platform | undefined,
  resolver: ImageResolver,
): Op<Ref, OpScope> {
  const name = identifier.slice(scheme.length);
  const find = async (scope: OpScope) =>
    limited(await resolver.resolve(name, platform ?? hostPlatform(), scope), attrs);
  return {
    recipe: async (scope) => {
      const layers = await timed(`resolve ${name}`, scope, () => find(scope));
      return { digest: layersKey(layers), content: [], storable: true };
    },
    execute: async (_, scope) => [layersRef(await find(scope))],
  };
}

/** Key of the tree that the layers make. */
export function layersKey(layers: readonly ImageLayer[]): ReturnType<typeof sha256Fields> {
  return sha256Fields("image", layers.at(-1)?.chainId ?? "scratch");
}

export function layersRef(layers: readonly ImageLayer[]): Ref {
  return layers.length === 0 ? { kind: "scratch" } : { kind: "layers", layers };
}

function limited(image: ResolvedImage, attrs: ReadonlyMap<string, string>): readonly ImageLayer[] {
  const wanted = attrs.get("image.checksum");
  if (wanted !== undefined && wanted !== "" && wanted !== image.digest) {
    const where = parseReference(image.name).path;
    throw new CooperError("ops/checksum", `image digest ${image.digest} of ${where} does not match checksum ${wanted}`);
  }
  return firstLayers(image.layers, attrs.get("image.layerlimit"));
}

/** The lowest layers up to the limit (`image.layerlimit`, `oci.layerlimit`). Throws `ops/bad-attribute`. */
export function firstLayers(layers: readonly ImageLayer[], limit: string | undefined): readonly ImageLayer[] {
  if (limit === undefined) return layers;
  const count = Number(limit);
  if (!Number.isSafeInteger(count) || count <= 0) {
    throw new CooperError("ops/bad-attribute", `invalid layer limit ${JSON.stringify(limit)}`);
  }
  return layers.slice(0, count);
}
