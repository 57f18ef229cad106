import { CooperError, mapLimit } from "../../kit/index.ts";
import {
  descriptorToJson,
  formatReference,
  goJson,
  parseReference,
  repositoryName,
  withDefaultTag,
} from "../../oci/index.ts";
import type { RegistryAccess } from "../../registry/index.ts";
import type { OutputTarget } from "../../session/index.ts";
import type { CommittedManifest } from "../commit.ts";
import type { ExportScope } from "../contract.ts";
import type { Document } from "../document.ts";
import { flag, readImageAttributes } from "../image-attributes.ts";
import type { ExporterParts } from "../index.ts";
import { LayerSource } from "../layers.ts";
import { writeLayoutFolder } from "../layout-folder.ts";
import { type CacheForm, commitCache } from "./commit-cache.ts";
import type { CacheableRecord } from "./contract.ts";
import { openObjectStore } from "./objects/open-store.ts";
import { writeObjects } from "./objects/write-objects.ts";

/** Writes a cache out. */
export interface CacheExporter {
  /** What progress calls it: `exporting cache to registry`. */
  readonly name: string;
  /** `ignore-error`: a failure is told and forgotten. */
  readonly optional: boolean;
  /** Only results whose layers the image has; else all. */
  readonly minimal: boolean;
  /** Gives the response: `cache.manifest`. */
  export(records: readonly CacheableRecord[], scope: ExportScope): Promise<Readonly<Record<string, string>>>;
}

type Attributes = Readonly<Record<string, string>>;

/**
 * The exporter of a cache to a registry, to a place of objects or to a folder of the caller's. Throws `export/bad-attribute` and
 * `export/unknown-cache`. `local`: where a folder's cache is written to.
 */
export async function createCacheExporter(
  type: string,
  attrs: Attributes,
  parts: ExporterParts,
  local: (dest: string) => OutputTarget,
): Promise<CacheExporter> {
  const { place, hasManifest, send } = await targetOf(type, attrs, parts, local);
  const form = readForm(attrs);
  return {
    name: `exporting ${place}`,
    optional: isOptional(attrs),
    minimal: attrs.mode !== "max",
    async export(records, scope) {
      const layers = new LayerSource(parts.storage, parts.needs);
      const cache = await commitCache(records, form, layers, scope);
      await scope.task("sending cache export", () => send(cache, layers, scope));
      return hasManifest ? { "cache.manifest": goJson(descriptorToJson(cache.descriptor)) } : {};
    },
  };
}

type Send = (cache: CommittedManifest, layers: LayerSource, scope: ExportScope) => Promise<void>;

/** Where a cache goes. */
interface Target {
  /** What progress calls it: `cache to registry`. */
  readonly place: string;
  readonly hasManifest: boolean;
  readonly send: Send;
}

/** What progress calls places of objects, in upstream's words. */
const places: Readonly<Record<string, string>> = {
  s3: "cache to Amazon S3",
  gha: "to GitHub Actions Cache",
  azblob: "cache to Azure Blob Storage",
};

async function targetOf(
  type: string,
  attrs: Attributes,
  parts: ExporterParts,
  local: (dest: string) => OutputTarget,
): Promise<Target> {
  if (type === "registry") return { place: "cache to registry", hasManifest: true, send: registrySender(attrs, parts) };
  if (type === "local")
    return { place: "cache to client directory", hasManifest: true, send: localSender(attrs, parts, local) };
  const store = await openObjectStore(type, attrs, process.env, "exporter");
  if (store === undefined) {
    throw new CooperError("export/unknown-cache", `unknown cache exporter: ${JSON.stringify(type)}`);
  }
  const send: Send = (cache, layers, scope) => writeObjects(store, cache, layers, parts.storage, scope);
  return { place: places[type] ?? type, hasManifest: false, send };
}

/** Upstream passes over a value that it does not know, here and in `mode`. */
function isOptional({ "ignore-error": text = "" }: Attributes): boolean {
  return /^(?:1|t|T|true|TRUE|True)$/.test(text);
}

function readForm(attrs: Attributes): CacheForm {
  const { compression, forceCompression, ociTypes } = readImageAttributes(attrs, "image");
  const oci = ociTypes ?? true;
  const imageManifest = flag(attrs, "image-manifest", oci);
  return { compression, forceCompression, oci, imageManifest };
}

function registrySender(attrs: Attributes, { registry, credentials, storage }: ExporterParts): Send {
  const reference = withDefaultTag(parseReference(attrs.ref ?? ""));
  const name = formatReference(reference);
  const repository = repositoryName(reference);
  const insecure = flag(attrs, "registry.insecure", false);
  const access: RegistryAccess = insecure ? { credentials, host: { insecure: true, http: true } } : { credentials };
  return async (cache, layers, scope) => {
    const push = (
      { descriptor }: Pick<Document, "descriptor">,
      mountFrom: readonly string[],
      open: () => AsyncIterable<Uint8Array>,
    ) => registry.pushBlob(repository, descriptor, { mountFrom, open }, access, scope);
    await mapLimit(cache.layers, 4, ({ descriptor, ready }) =>
      scope.task(`writing layer ${descriptor.digest}`, async () => {
        const open = async function* () {
          await layers.fetch(ready, scope);
          yield* storage.blobs.read(descriptor, scope);
        };
        await push(
          { descriptor },
          ready.record.from.filter((from) => !from.startsWith("oci-layout:")),
          open,
        );
      }),
    );
    await scope.task(`writing config ${cache.config.descriptor.digest}`, () =>
      push(cache.config, [], () => one(cache.config.bytes)),
    );
    await scope.task(`${writing(cache)} ${cache.descriptor.digest}`, () =>
      registry.pushManifest(name, cache.descriptor, cache.bytes, { byDigest: false }, access, scope),
    );
  };
}

function writing({ descriptor }: CommittedManifest): string {
  return descriptor.mediaType.includes("manifest.v1") || descriptor.mediaType.includes("manifest.v2")
    ? "writing cache image manifest"
    : "writing cache manifest";
}

function localSender(attrs: Attributes, { storage }: ExporterParts, local: (dest: string) => OutputTarget): Send {
  const tag = attrs.tag || "latest";
  return async (cache, layers, scope) => {
    await mapLimit(cache.layers, 4, ({ descriptor, ready }) =>
      scope.task(`writing layer ${descriptor.digest}`, () => layers.fetch(ready, scope)),
    );
    for (const [what, { descriptor, bytes }] of [
      ["writing config", cache.config],
      [writing(cache), cache],
    ] as const) {
      await scope.task(`${what} ${descriptor.digest}`, () => storage.blobs.put(one(bytes), scope, descriptor));
    }
    const image = { root: cache.descriptor, index: undefined, manifests: [cache], attestations: [], epoch: undefined };
    const target = local(attrs.dest ?? "");
    if (target.kind !== "tree")
      return await writeLayoutFolder(image, cache.descriptor, [], target, storage, scope, tag);
    await using folder = await storage.temporaryFolder("cache");
    const here = { kind: "directory", path: folder.path } as const;
    await writeLayoutFolder(image, cache.descriptor, [], here, storage, scope, tag);
    await target.send(folder.path, scope);
  };
}

async function* one(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
