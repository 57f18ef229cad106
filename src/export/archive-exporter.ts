import { type Bytes, CooperError, mapLimit } from "../kit/index.ts";
import type { OutputTarget } from "../session/index.ts";
import { type CommitParts, type CommittedImage, commitImage, createdAnnotation } from "./commit.ts";
import type { ExportScope, NamedExporter } from "./contract.ts";
import { type Attributes, flag, namesOf, readImageAttributes } from "./image-attributes.ts";
import { archiveNames, blobsOf, dockerManifest, layoutFile, layoutIndex, namedRoots } from "./layout.ts";
import { writeLayoutFolder } from "./layout-folder.ts";
import { imageResponse } from "./response.ts";
import { readResults } from "./results.ts";

/** `type=oci` and `type=docker`: the image as an OCI layout, in a tar or (`tar=false`) a folder; docker's also has `manifest.json`. */
export function archiveExporter(type: "oci" | "docker", attrs: Attributes, parts: CommitParts): NamedExporter {
  const attributes = readImageAttributes(attrs, type);
  const tar = flag(attrs, "tar", true);
  return {
    name: `exporting to ${type} image format`,
    export: async (source, target, scope) => {
      if (type === "docker" && readResults(source).isMap) {
        throw new CooperError(
          "export/no-index",
          "docker exporter does not currently support exporting manifest lists",
          {
            hint: "use type=oci for several platforms",
          },
        );
      }
      const image = await commitImage(source, attributes, parts, scope);
      const created = { "org.opencontainers.image.created": createdAnnotation(image.epoch) };
      const root = { ...image.root, annotations: { ...created, ...image.root.annotations } };
      const names = archiveNames(namesOf(attributes, source));
      const response = {
        ...imageResponse(image, root),
        ...(names.length === 0 ? {} : { "image.name": names.join(",") }),
      };
      await fetchAll(image, parts, scope);
      if (tar) await sendTar({ type, image, roots: namedRoots(root, names), names }, target, response, parts, scope);
      else await writeLayoutFolder(image, root, names, target, parts.storage, scope);
      return response;
    },
  };
}

async function fetchAll(image: CommittedImage, parts: CommitParts, scope: ExportScope): Promise<void> {
  const layers = image.manifests.flatMap((manifest) => manifest.layers);
  await mapLimit(layers, 4, (layer) => parts.layers.fetch(layer.ready, scope));
}

interface Archive {
  readonly type: "oci" | "docker";
  readonly image: CommittedImage;
  readonly roots: Parameters<typeof layoutIndex>[0];
  readonly names: readonly string[];
}

async function sendTar(
  archive: Archive,
  target: OutputTarget,
  response: Readonly<Record<string, string>>,
  parts: CommitParts,
  scope: ExportScope,
): Promise<void> {
  if (target.kind !== "stream") {
    throw new CooperError("export/no-target", `cannot export to ${archive.type} image format: no file to write to`);
  }
  const { tarStream } = await import("../archive/index.ts");
  await scope.task("sending tarball", async () => {
    const bytes: Bytes = tarStream(await tarEntries(archive, parts), scope);
    await target.write(bytes, response, scope);
  });
}

/** The files in order of their names, owned by root, without a time: the same image is the same archive. */
async function tarEntries(archive: Archive, { storage }: CommitParts) {
  const common = { uid: 0, gid: 0, mtime: 0n };
  const folder = (name: string) => ({
    header: { ...common, type: "directory" as const, name, mode: 0o755, size: 0 },
  });
  const small = (name: string, mode: number, bytes: Buffer) => ({
    header: { ...common, type: "file" as const, name, mode, size: bytes.byteLength },
    body: { bytes },
  });
  const blobs = await Promise.all(
    blobsOf(archive.image).map(async ({ digest, size }) => ({
      header: { ...common, type: "file" as const, name: `blobs/${digest.replace(":", "/")}`, mode: 0o444, size },
      body: { file: await storage.blobs.path(digest) },
    })),
  );
  return [
    folder("blobs/"),
    folder("blobs/sha256/"),
    ...blobs,
    small("index.json", 0o644, layoutIndex(archive.roots)),
    // `docker load` reads images that have an index by that.
    ...(archive.type === "docker" && archive.image.index === undefined
      ? [small("manifest.json", 0o644, dockerManifest(archive.image, archive.names))]
      : []),
    small("oci-layout", 0o444, layoutFile),
  ];
}
