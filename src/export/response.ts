import { type Descriptor, descriptorToJson, goJson } from "../oci/index.ts";
import type { CommittedImage } from "./commit.ts";

/** The part of the exporter response that all image exporters give. */
export function imageResponse(image: CommittedImage, root: Descriptor): Record<string, string> {
  const only = image.index === undefined ? image.manifests[0] : undefined;
  return {
    "containerimage.digest": root.digest,
    ...(only === undefined ? {} : { "containerimage.config.digest": only.config.descriptor.digest }),
    "containerimage.descriptor": Buffer.from(goJson(descriptorToJson(root))).toString("base64"),
  };
}
