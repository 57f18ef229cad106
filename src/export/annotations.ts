import { formatPlatformAll, parsePlatform } from "../oci/index.ts";
import { badAttribute } from "./go-values.ts";

/** Annotations by where they go. */
export interface Annotations {
  readonly index: Record<string, string>;
  readonly indexDescriptor: Record<string, string>;
  readonly manifest: Record<string, string>;
  readonly manifestDescriptor: Record<string, string>;
}

/** Annotations by platform (`linux/arm64`), `""` for all of them. */
export type AnnotationsByPlatform = ReadonlyMap<string, Annotations>;

const pattern = /^annotation(?:-([a-z-]+))?(?:\[([A-Za-z0-9_/-]+)\])?\.(\S+)$/;
const places = {
  "": "manifest",
  manifest: "manifest",
  "manifest-descriptor": "manifestDescriptor",
  index: "index",
  "index-descriptor": "indexDescriptor",
} as const;

/** Reads all annotations among exporter attributes or result metadata; later sources win. Throws `export/bad-attribute`. */
export function readAnnotations(...sources: readonly Iterable<readonly [string, string]>[]): AnnotationsByPlatform {
  const found = new Map<string, Annotations>();
  for (const [key, value] of sources.flatMap((source) => [...source])) {
    const match = pattern.exec(key);
    if (match === null) continue;
    const [, kind = "", platform = "", name = ""] = match;
    if (!Object.hasOwn(places, kind)) throw badAttribute(`unrecognized annotation type ${kind}`);
    const id = platform === "" ? "" : formatPlatformAll(parsePlatform(platform));
    const group = found.get(id) ?? none();
    found.set(id, group);
    group[places[kind as keyof typeof places]][name] = value;
  }
  return found;
}

/** The annotations of one platform's manifest, and those of the index, which has no platform. */
export function annotationsFor(all: AnnotationsByPlatform, platform?: string): Annotations {
  const merged = none();
  for (const group of all.values()) {
    Object.assign(merged.index, group.index);
    Object.assign(merged.indexDescriptor, group.indexDescriptor);
  }
  for (const group of [all.get(""), platform === undefined ? undefined : all.get(platform)]) {
    Object.assign(merged.manifest, group?.manifest);
    Object.assign(merged.manifestDescriptor, group?.manifestDescriptor);
  }
  return merged;
}

/** No prototype: a key called `__proto__` is a key. */
function none(): Annotations {
  const empty = () => Object.create(null) as Record<string, string>;
  return { index: empty(), indexDescriptor: empty(), manifest: empty(), manifestDescriptor: empty() };
}
