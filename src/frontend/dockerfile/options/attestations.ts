import { goQuote } from "../../../kit/index.ts";
import { canonicalReference } from "../../../oci/index.ts";
import type { SbomRequest } from "../../sbom/scanner.ts";
import { csvFields } from "../parse/csv.ts";
import { reworded } from "../parse/index.ts";
import { bad } from "./values.ts";

/** Attributes by type (`sbom`, `provenance`) of the attestations that are asked for. */
export type AttestationOptions = ReadonlyMap<string, ReadonlyMap<string, string>>;

const defaultGenerator = "docker/buildkit-syft-scanner:stable-1";

/** Reads `attest:TYPE=…` and the build arguments BUILDKIT_ATTEST_TYPE. Throws `dockerfile/bad-option`, in upstream's words. */
export function readAttestationOptions(options: Readonly<Record<string, string>>): AttestationOptions {
  const asked = new Map<string, ReadonlyMap<string, string>>();
  for (const [key, value] of Object.entries(options)) {
    const type = /^(?:attest:|build-arg:BUILDKIT_ATTEST_)(.*)$/.exec(key)?.[1]?.toLowerCase();
    if (type !== undefined) asked.set(type, readAttrs(type, value));
  }
  for (const type of asked.keys()) {
    if (type !== "sbom" && type !== "provenance") throw bad(`unknown attestation type ${goQuote(type)}`);
  }
  return asked;
}

/** What `attest:sbom` asks for. */
export function readSbomRequest(options: Readonly<Record<string, string>>): SbomRequest | undefined {
  const attrs = readAttestationOptions(options).get("sbom");
  return attrs && sbomRequest(attrs, "scanner");
}

/** `what` the error calls the scanner: the builder and its frontends have different words. Throws `dockerfile/bad-option`. */
export function sbomRequest(attrs: ReadonlyMap<string, string>, what: "scanner" | "generator"): SbomRequest {
  const { generator = defaultGenerator, ...parameters } = Object.fromEntries(attrs);
  if (generator === "" && what === "generator") throw bad("sbom generator cannot be empty");
  try {
    return { generator: canonicalReference(generator), parameters };
  } catch (error) {
    throw reworded(error, (message) => `failed to parse sbom ${what} ${generator}: ${message}`);
  }
}

function readAttrs(type: string, text: string): ReadonlyMap<string, string> {
  if (text === "") return new Map();
  try {
    return new Map(
      csvFields(text).map((field) => {
        const at = field.indexOf("=");
        return at < 0 ? [field, ""] : [field.slice(0, at), field.slice(at + 1)];
      }),
    );
  } catch (error) {
    throw reworded(error, (message) => `failed to parse ${type}: ${message}`);
  }
}
