import { CooperError, sha256Fields } from "../../../kit/index.ts";
import { familiarName, hostPlatform, type Platform, parseReference } from "../../../oci/index.ts";
import type { Op } from "../../../solver/index.ts";
import type { ImageLayer, OpScope, Ref } from "../../contract.ts";
import { timed } from "../task.ts";
import type { ImageResolver, ResolvedImage } from "./image-resolver.ts";
import { layoutOrigin } from "./layout-origin.ts";

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
  const name = identifier.slice("docker-image://".length);
  return sourceOp(name, attrs.get("image.layerlimit"), async (scope) =>
    withChecksum(name, await resolver.resolve(name, platform ?? hostPlatform(), scope), attrs.get("image.checksum")),
  );
}

/** `oci-layout://NAME@DIGEST`: an image of a layout that a caller offers; otherwise as an image of a registry. */
export function ociLayoutSource(
  identifier: string,
  attrs: ReadonlyMap<string, string>,
  platform: Platform | undefined,
  resolver: ImageResolver,
): Op<Ref, OpScope> {
  const name = identifier.slice("oci-layout://".length);
  const origin = layoutOrigin(attrs.get("oci.store") || layoutStoreOf(name));
  return sourceOp(name, attrs.get("oci.layerlimit"), (scope) =>
    resolver.resolve(name, platform ?? hostPlatform(), scope, origin),
  );
}

/** The store of a name that says none beside it: the name without tag and digest. */
export function layoutStoreOf(name: string): string {
  return familiarName(parseReference(name));
}

function sourceOp(
  name: string,
  layerLimit: string | undefined,
  resolve: (scope: OpScope) => Promise<ResolvedImage>,
): Op<Ref, OpScope> {
  const limited = (image: ResolvedImage) => firstLayers(image.layers, layerLimit);
  return {
    recipe: async (scope) => {
      const image = await timed(`resolve ${name}`, scope, () => resolve(scope));
      return { digest: layersKey(limited(image)), content: [], storable: true, found: image.digest };
    },
    execute: async (_, scope) => [layersRef(limited(await resolve(scope)))],
  };
}

/** Key of the tree that the layers make. */
function layersKey(layers: readonly ImageLayer[]): ReturnType<typeof sha256Fields> {
  return sha256Fields("image", layers.at(-1)?.chainId ?? "scratch");
}

function layersRef(layers: readonly ImageLayer[]): Ref {
  return layers.length === 0 ? { kind: "scratch" } : { kind: "layers", layers };
}

function withChecksum(name: string, image: ResolvedImage, wanted: string | undefined): ResolvedImage {
  if (wanted === undefined || wanted === "" || wanted === image.digest) return image;
  const what = `image digest ${image.digest} for ${name}`;
  throw new CooperError("ops/checksum", `${what} does not match expected checksum ${wanted}`);
}

/** The lowest layers up to the limit (`image.layerlimit`, `oci.layerlimit`). Throws `ops/bad-attribute`. */
function firstLayers(layers: readonly ImageLayer[], limit: string | undefined): readonly ImageLayer[] {
  if (limit === undefined) return layers;
  const count = Number(limit);
  if (!Number.isSafeInteger(count) || count <= 0) {
    throw new CooperError("ops/bad-attribute", `invalid layer limit ${JSON.stringify(limit)}`);
  }
  return layers.slice(0, count);
}
