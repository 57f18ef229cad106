import { createHash } from "node:crypto";
import type { TestImage } from "../../test/support/base-image.ts";

/** What a cache's config says, as far as it is the same on every machine. */
export interface CacheConfig {
  readonly records: readonly {
    readonly digest: string;
    readonly layers?: readonly unknown[];
    readonly inputs?: readonly (readonly { readonly selector?: string; readonly link: number }[])[];
  }[];
}

const sha256 = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/**
 * The records without times and layers: digest, then per input the links to it with their selectors; `+` when there is a result. The base
 * image, which depends on the machine's busybox, is called `image`; BuildKit links some records to one of its keys, some to both.
 */
export function plainRecords({ records }: CacheConfig, image: TestImage): string[] {
  const names = new Map(imageKeys(image).map((key) => [key, "image"]));
  const nameOf = (digest: string) => names.get(digest) ?? digest;
  const spelled = records.map(({ digest, layers, inputs = [] }) => {
    const links = inputs.map((input) =>
      [...new Set(input.map(({ selector = "", link }) => `${selector}>${nameOf(records[link]?.digest ?? "")}`))].sort(),
    );
    return `${nameOf(digest)}${layers === undefined ? "" : "+"} ${JSON.stringify(links)}`;
  });
  return [...new Set(spelled)].sort();
}

/** Of a one-layer image for amd64: by its manifest, and by its layers. */
function imageKeys({ manifest, blobs }: TestImage): string[] {
  const config: { rootfs: { diff_ids: string[] } } = JSON.parse(String(blobs[0]));
  const arch = process.arch === "arm64" ? "arm64" : "amd64";
  const named = `{"Digest":"${sha256(manifest.toString())}","OS":"linux","Arch":"${arch}"}`;
  const keys = [sha256(named), ...config.rootfs.diff_ids.slice(0, 1)];
  return keys.map((key) => sha256(`${sha256(`buildkit.source.v0:${key}`)}@0`));
}
