import { CooperError } from "../kit/index.ts";

/** Upstream's numbers for what outputs looked like in its 0.13, in its 0.15, and since its 0.31 (`solver/llbsolver/compat`). */
const supported = [10, 20, 30];
/** What is made when nobody asks for another form. */
export const currentCompatibility = 30;
const withoutZstd = 10;

/** Throws `export/bad-compatibility` for a number that upstream does not have. */
export function checkCompatibility(version: number): void {
  if (supported.includes(version)) return;
  const newer = `: upgrade buildkit (max supported: ${currentCompatibility})`;
  const unknown = ` (supported: [${supported.join(" ")}])`;
  throw new CooperError(
    "export/bad-compatibility",
    `unsupported compatibility-version ${version}${version > currentCompatibility ? newer : unknown}`,
  );
}

/** Forms that a version of outputs has when the exporter's attributes do not say. */
export interface Defaults {
  /** OCI's media types, not Docker's. */
  readonly oci: boolean;
  /** Manifests of attestations are artifacts; never with Docker's media types. */
  readonly artifact: boolean;
}

/** `attested`: there are attestations, which always wanted OCI's media types. */
export function defaultsOf(version: number, attested: boolean): Defaults {
  return { oci: version >= currentCompatibility || attested, artifact: version >= currentCompatibility };
}

/** Throws `export/bad-compatibility` when that version's exporters did not have the compression. */
export function checkCompression(version: number, exporter: string, compression: string): void {
  if (version !== withoutZstd || compression !== "zstd") return;
  throw new CooperError(
    "export/bad-compatibility",
    `unsupported compatibility-version ${version} feature ${exporter} exporter compression=zstd`,
  );
}
