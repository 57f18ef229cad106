import { type Descriptor, descriptorToJson, goJson } from "../oci/index.ts";
import { type CommittedImage, commitImage } from "./commit.ts";
import type { ExportScope, ExportSource, NamedExporter } from "./contract.ts";
import { type Attributes, flag, type ImageAttributes, namesOf, readImageAttributes } from "./image-attributes.ts";
import { type PushParts, withPush } from "./push.ts";
import { imageResponse } from "./response.ts";

interface Options extends ImageAttributes {
  readonly push: boolean;
  readonly byDigest: boolean;
  readonly insecure: boolean;
  readonly store: boolean;
  readonly canonical: boolean;
  readonly danglingPrefix: string;
  readonly danglingEmptyOnly: boolean;
}

/** Names in the store of local images, in storage's records: canonical or not, as given; the value is a descriptor's JSON. */
const localImages = "image";

/** `type=image`: the image into the blob store, under its names, and to registries with `push=true`. */
export function imageExporter(attrs: Attributes, parts: PushParts): NamedExporter {
  const options = readOptions(attrs);
  return {
    name: "exporting to image",
    export: async (source, _target, scope) => {
      const names = namesOf(options, source);
      const image = await commitAndPush(options, options.push ? names : [], source, parts, scope);
      const all = withDangling(names, image.root, options);
      if (options.store) remember(all, image, options, parts);
      return {
        ...imageResponse(image, image.root),
        ...(all.length === 0 ? {} : { "image.name": all.join(",") }),
      };
    },
  };
}

function readOptions(attrs: Attributes): Options {
  // `unpack` has nothing to do here: the result is unpacked already, and there is no other image store to put it into.
  flag(attrs, "unpack", false);
  return {
    ...readImageAttributes(attrs, "image"),
    push: flag(attrs, "push", false),
    byDigest: flag(attrs, "push-by-digest", false),
    insecure: flag(attrs, "registry.insecure", false),
    store: flag(attrs, "store", true),
    canonical: flag(attrs, "name-canonical", false),
    danglingPrefix: attrs["dangling-name-prefix"] ?? "",
    danglingEmptyOnly: flag(attrs, "danging-name-empty-only", false),
  };
}

async function commitAndPush(
  options: Options,
  names: readonly string[],
  source: ExportSource,
  parts: PushParts,
  scope: ExportScope,
): Promise<CommittedImage> {
  if (names.length === 0) return await commitImage(source, options, parts, scope);
  const { byDigest, insecure } = options;
  return await withPush({ names, byDigest, insecure }, parts, scope, async (push, child) => {
    const onLayer = push.layer.bind(push);
    const image = await commitImage(source, options, { ...parts, onLayer }, child);
    await push.finish(image);
    return image;
  });
}

/** With `dangling-name-prefix`, an image is also (or only, when it has no name) known as PREFIX@DIGEST. */
function withDangling(names: readonly string[], root: Descriptor, options: Options): readonly string[] {
  if (options.danglingPrefix === "" || (options.danglingEmptyOnly && names.length > 0)) return names;
  return [...names, `${options.danglingPrefix}@${root.digest}`];
}

function remember(names: readonly string[], image: CommittedImage, options: Options, { storage }: PushParts): void {
  const value = goJson(descriptorToJson(image.root));
  for (const name of names) {
    storage.records.set(localImages, name, value);
    if (options.canonical && !name.includes("@"))
      storage.records.set(localImages, `${name}@${image.root.digest}`, value);
  }
}
