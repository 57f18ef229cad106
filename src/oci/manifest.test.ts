import { expect, test } from "vitest";
import { sha256 } from "../kit/index.ts";
import { mediaTypes } from "./descriptor.ts";
import { encodeIndex, encodeManifest, parseImageManifest, parseIndex, parseManifest } from "./manifest.ts";

// The exact texts that upstream pushed and wrote to a layout.
const manifest = `{
  "schemaVersion": 2,
  "mediaType": "application/vnd.oci.image.manifest.v1+json",
  "artifactType": "application/vnd.docker.attestation.manifest.v1+json",
  "config": {
    "mediaType": "application/vnd.oci.empty.v1+json",
    "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    "size": 2,
    "data": "e30="
  },
  "layers": [
    {
      "mediaType": "application/vnd.in-toto+json",
      "digest": "sha256:fbab6e68d62b4f8a9aafd60d696f44c9de8bb5bb99e398512c534e8a20f415e9",
      "size": 3327,
      "annotations": {
        "in-toto.io/predicate-type": "https://slsa.dev/provenance/v1"
      }
    }
  ],
  "subject": {
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "digest": "sha256:ea13e9e4e6ceb4fb78f1767c312501cd9e0f452de700351ce9bf0b89a8fc1678",
    "size": 664
  }
}`;
const index = `{
  "schemaVersion": 2,
  "mediaType": "application/vnd.oci.image.index.v1+json",
  "manifests": [
    {
      "mediaType": "application/vnd.oci.image.manifest.v1+json",
      "digest": "sha256:ea13e9e4e6ceb4fb78f1767c312501cd9e0f452de700351ce9bf0b89a8fc1678",
      "size": 664,
      "platform": {
        "architecture": "amd64",
        "os": "linux",
        "os.version": "1",
        "variant": "v2"
      }
    }
  ]
}`;

test("manifests and indexes come out with the bytes that went in", () => {
  expect(encodeManifest(parseImageManifest(Buffer.from(manifest))).toString()).toBe(manifest);
  expect(encodeIndex(parseIndex(Buffer.from(index), mediaTypes.ociIndex)).toString()).toBe(index);
});

const descriptor = { mediaType: "x", digest: sha256("x"), size: 1 };
test.each([
  ["nothing at all", ""],
  ["a schema 1 manifest", { schemaVersion: 1, fsLayers: [] }],
  ["both kinds in one", { config: descriptor, layers: [], manifests: [] }],
  ["no config", { layers: [] }],
  ["a digest that is a path", { config: { ...descriptor, digest: "sha256:../../etc" }, layers: [] }],
  ["a negative size", { config: { ...descriptor, size: -1 }, layers: [] }],
  ["a huge size", { config: { ...descriptor, size: 1e300 }, layers: [] }],
  ["layers that are no list", { config: descriptor, layers: {} }],
  ["too many layers", { config: descriptor, layers: Array.from({ length: 5000 }, () => descriptor) }],
  ["another type than announced", { mediaType: mediaTypes.dockerManifest, config: descriptor, layers: [] }],
])("parseManifest() refuses %s", (_, document) => {
  const bytes = Buffer.from(JSON.stringify(document));
  expect(() => parseManifest(bytes, mediaTypes.ociManifest)).toThrow(
    expect.objectContaining({ code: "oci/bad-manifest" }),
  );
});

test("parseManifest() tells the kind by its fields when no media type does", () => {
  expect(parseManifest(Buffer.from(JSON.stringify({ manifests: [descriptor] }))).kind).toBe("index");
  expect(parseManifest(Buffer.from(JSON.stringify({ config: descriptor, layers: [descriptor] }))).kind).toBe(
    "manifest",
  );
});
