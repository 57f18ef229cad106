import { CooperError } from "../kit/index.ts";
import type { CredentialsSource, RegistryClient } from "../registry/index.ts";
import type { Storage } from "../storage/index.ts";
import type { ExportNeeds, NamedExporter } from "./contract.ts";

export type { CachedTree, CacheRecord } from "./cache/cache-config.ts";
export type { CacheExporter } from "./cache/cache-exporter.ts";
export type * from "./cache/contract.ts";
export type { ObjectStore } from "./cache/objects/contract.ts";
export { checkCompatibility } from "./compatibility.ts";
export type * from "./contract.ts";
export { withBuildArgEpoch } from "./epoch.ts";
export { readResults } from "./results.ts";

/** What the engine gives to an exporter. */
export interface ExporterParts {
  readonly storage: Storage;
  readonly registry: RegistryClient;
  readonly needs: ExportNeeds;
  readonly credentials: CredentialsSource;
}

/**
 * The exporter of a type (`image`, `oci`, `docker`, `tar`, `local`) with its attributes read. Unknown attributes are accepted.
 * Throws `export/unknown-type` and `export/bad-attribute`, in upstream's words. What a type needs loads with it.
 */
export async function createExporter(
  type: string,
  attrs: Readonly<Record<string, string>>,
  parts: ExporterParts,
): Promise<NamedExporter> {
  switch (type) {
    case "image": {
      const [{ imageExporter }, { LayerSource }] = await Promise.all([
        import("./image-exporter.ts"),
        import("./layers.ts"),
      ]);
      const made = imageExporter(attrs, { ...parts, layers: new LayerSource(parts.storage, parts.needs) });
      return withStatedMetadata(made, attrs);
    }
    case "oci":
    case "docker": {
      const [{ archiveExporter }, { LayerSource }] = await Promise.all([
        import("./archive-exporter.ts"),
        import("./layers.ts"),
      ]);
      const made = archiveExporter(type, attrs, { ...parts, layers: new LayerSource(parts.storage, parts.needs) });
      return withStatedMetadata(made, attrs);
    }
    case "tar":
      return (await import("./tar-exporter.ts")).tarExporter(attrs, parts);
    case "local":
      return (await import("./local-exporter.ts")).localExporter(attrs, parts);
    default:
      throw new CooperError("export/unknown-type", `exporter ${JSON.stringify(type)} could not be found`);
  }
}

/** Clients without a frontend state an image's config and the like as attributes: they count more than what was returned. */
function withStatedMetadata(exporter: NamedExporter, attrs: Readonly<Record<string, string>>): NamedExporter {
  const stated = Object.entries(attrs).filter(([key]) => /^(?:containerimage|refs)\./.test(key));
  if (stated.length === 0) return exporter;
  const values = stated.map(([key, value]) => [key, Buffer.from(value)] as const);
  return {
    name: exporter.name,
    export: (source, target, scope) =>
      exporter.export({ ...source, metadata: new Map([...source.metadata, ...values]) }, target, scope),
  };
}

/** Everything about caches; loads when a build has to do with one. What a kind of place needs loads with the first of that kind. */
export async function loadCaches() {
  const [exporter, config, flatten, { openObjectStore }, { readLayerFacts }] = await Promise.all([
    import("./cache/cache-exporter.ts"),
    import("./cache/cache-config.ts"),
    import("./cache/flatten.ts"),
    import("./cache/objects/open-store.ts"),
    import("./cache/objects/layer-facts.ts"),
  ]);
  return { ...exporter, ...config, ...flatten, openObjectStore, readLayerFacts };
}
