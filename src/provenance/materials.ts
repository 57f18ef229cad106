import { imagePackageUrl } from "../oci/index.ts";
import type { BlobUse, GitUse, ImageUse, Sources } from "./contract.ts";
import { gitLocation } from "./git-location.ts";

/** What was used, as SLSA names it: a package URL for images, the URL for the rest; with its digest. */
export interface Material {
  readonly uri: string;
  readonly digest?: Readonly<Record<string, string>>;
}

/** Images first, then blobs, git, http: upstream's order. A commit that came in a blob is followed by the blob. */
export function materials({ images, blobs, git, http }: Sources): Material[] {
  return [
    ...images.map(imageMaterial),
    ...blobs.map(blobMaterial),
    ...git.flatMap((use) => [gitMaterial(use), ...bundleMaterials(use)]),
    ...http.map(({ url, digest }) => ({ uri: url, digest: digestSet(digest) })),
  ];
}

/** The material behind a frontend's context; undefined when the context was no git or http source. */
export function contextMaterial(context: string, { git, http }: Sources): Material | undefined {
  const uri = gitLocation(context, "whole") ?? context;
  const asked = gitLocation(context, "without folder") ?? context;
  const commit = git.find(({ url }) => url === asked);
  if (commit !== undefined) return { uri, digest: commitSet(commit.commit) };
  const file = http.find(({ url }) => url === asked);
  return file && { uri: file.url, digest: digestSet(file.digest) };
}

function imageMaterial({ ref, platform, digest, local }: ImageUse): Material {
  return { uri: imagePackageUrl(typeOf(local), ref, platform), digest: digestSet(digest) };
}

function blobMaterial({ ref, digest, local }: BlobUse): Material {
  return { uri: imagePackageUrl(typeOf(local), ref, undefined, { ref_type: "blob" }), digest: digestSet(digest) };
}

function gitMaterial({ url, commit }: GitUse): Material {
  return { uri: url, digest: commitSet(commit) };
}

function bundleMaterials({ url, bundle = "" }: GitUse): Material[] {
  const match = /^([^:]+):\/\/(.+)@([a-z0-9]+:[0-9a-f]+)$/.exec(bundle);
  if (match === null) return [];
  const [, scheme = "", name = "", digest = ""] = match;
  const uri = imagePackageUrl(typeOf(scheme === "oci-layout+blob"), name, undefined, {
    ref_type: "bundle",
    vcs_url: url,
  });
  return [{ uri, digest: digestSet(digest) }];
}

const typeOf = (local: boolean) => (local ? "oci" : "docker");

function digestSet(digest: string): Readonly<Record<string, string>> {
  const [algorithm = "", hex = ""] = digest.split(":");
  return { [algorithm]: hex };
}

/** A commit's id says by its length which hash it is. */
function commitSet(commit: string): Readonly<Record<string, string>> {
  return { [commit.length === 64 ? "sha256" : "sha1"]: commit };
}
