import type { Digest } from "../kit/index.ts";
import type { VertexWarning } from "./contract.ts";

/** Types of the attestations that frontend options ask for (`attest:provenance`, `build-arg:BUILDKIT_ATTEST_SBOM`), sorted. */
export function askedAttestations(options: Readonly<Record<string, string>>): readonly string[] {
  const types = Object.keys(options).flatMap(
    (key) => /^(?:attest:|build-arg:BUILDKIT_ATTEST_)(.+)$/.exec(key)?.[1] ?? [],
  );
  return [...new Set(types.map((type) => type.toLowerCase()))].sort();
}

/** That the result has none of them. */
export function attestationWarning(vertex: Digest, types: readonly string[]): VertexWarning {
  const short = `attestations are not supported yet, the result has none: ${types.join(", ")}`;
  return { vertex, level: 1, short: Buffer.from(short), detail: [], url: "", range: [] };
}
