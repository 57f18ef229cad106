/** What a statement is about: the result itself (`self`), or something that is named with its digests (`raw`). */
export interface AttestationSubject {
  readonly kind: "self" | "raw";
  /** May be empty; of a `self` subject it is a further name. */
  readonly name: string;
  /** `ALGORITHM:VALUE`, of any algorithm (`sha1` of a git commit, too). */
  readonly digests: readonly string[];
}

/** Types of predicates that have a meaning here. */
export const predicateTypes = { spdx: "https://spdx.dev/Document" } as const;
/** What the types of all versions of provenance begin with. */
export const provenancePredicate = "https://slsa.dev/provenance/";

/** The media type of a statement in a registry, and of the manifest that holds statements when it is an artifact. */
export const attestationTypes = {
  statement: "application/vnd.in-toto+json",
  manifest: "application/vnd.docker.attestation.manifest.v1+json",
} as const;

/** Annotations by which an index names the statements about its images, and a manifest what each of them says. */
export const attestationAnnotations = {
  referenceType: "vnd.docker.reference.type",
  referenceDigest: "vnd.docker.reference.digest",
  predicateType: "in-toto.io/predicate-type",
} as const;
/** The value of `referenceType` of a manifest that holds statements. */
export const attestationManifestReference = "attestation-manifest";
