import { expect, test } from "vitest";
import { type Digest, sha256 } from "../../../kit/index.ts";
import {
  attestationAnnotations,
  type Descriptor,
  descriptorOf,
  encodeIndex,
  encodeManifest,
  type Index,
  mediaTypes,
  parseIndex,
} from "../../../oci/index.ts";
import { attestationChain } from "./attestation-chain.ts";

const blobs = new Map<Digest, Buffer>();
const put = (mediaType: string, text: string | Buffer, more: Partial<Descriptor> = {}): Descriptor => {
  const bytes = Buffer.from(text);
  const descriptor = { ...descriptorOf(mediaType, bytes), ...more };
  blobs.set(descriptor.digest, bytes);
  return descriptor;
};
const statement = (type: string) =>
  put("application/vnd.in-toto+json", `{"predicateType":"${type}"}`, {
    annotations: { [attestationAnnotations.predicateType]: type },
  });
const manifest = (layers: Descriptor[], more: Partial<Descriptor> = {}) =>
  put(
    mediaTypes.ociManifest,
    encodeManifest({ mediaType: mediaTypes.ociManifest, config: put(mediaTypes.ociEmpty, "{}"), layers }),
    more,
  );
const about = (image: Descriptor, layers: Descriptor[]) =>
  manifest(layers, {
    annotations: {
      [attestationAnnotations.referenceType]: "attestation-manifest",
      [attestationAnnotations.referenceDigest]: image.digest,
    },
  });

function chainOf(manifests: Descriptor[], types: string[], referrers: readonly Descriptor[] = []) {
  const bytes = encodeIndex({ mediaType: mediaTypes.ociIndex, manifests });
  const root = put(mediaTypes.ociIndex, bytes);
  const index: Index = parseIndex(bytes);
  const read = async ({ digest }: Descriptor) => blobs.get(digest) ?? Buffer.alloc(0);
  const image = manifests[0] as Descriptor;
  const chain = attestationChain({ root, index, image }, types, read, async () => referrers);
  return { root, chain };
}

const image = manifest([]);

test("an index leads to the statements about an image, and only those that are asked for are read", async () => {
  const sbom = statement("https://spdx.dev/Document");
  const slsa = statement("https://slsa.dev/provenance/v1");
  const other = about(put(mediaTypes.ociManifest, "other"), [sbom]);
  const own = about(image, [sbom, slsa]);
  const { root, chain } = chainOf([image, other, own], ["https://slsa.dev/provenance/v1"]);
  const { blobs: found, ...rest } = await chain;
  expect(rest).toEqual({
    root: root.digest,
    imageManifest: image.digest,
    attestationManifest: own.digest,
    signatureManifests: [],
  });
  expect(found.map(({ descriptor }) => descriptor.digest)).toEqual([root.digest, own.digest, slsa.digest]);
});

test("an image without statements has just its index", async () => {
  const { root, chain } = chainOf([image], []);
  const { attestationManifest, blobs: found } = await chain;
  expect(attestationManifest).toBeUndefined();
  expect(found.map(({ descriptor }) => descriptor.digest)).toEqual([root.digest]);
});

test("of several signatures a bundle counts, with all that it holds", async () => {
  const own = about(image, []);
  const layer = put("application/vnd.dev.sigstore.bundle.v0.3+json", "bundle");
  const cosign = manifest([], { artifactType: "application/vnd.dev.cosign.artifact.sig.v1+json" });
  const bundle = manifest([layer], { artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json" });
  const noise = { ...cosign, digest: sha256("noise"), artifactType: "application/other" };
  const { chain } = chainOf([image, own], [], [noise, cosign, bundle]);
  const { signatureManifests, blobs: found } = await chain;
  expect(signatureManifests).toEqual([bundle.digest]);
  expect(found.at(-1)?.data.toString()).toBe("bundle");
});
