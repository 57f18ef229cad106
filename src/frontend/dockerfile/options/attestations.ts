import { goQuote } from "../../../kit/index.ts";
import { canonicalReference } from "../../../oci/index.ts";
import type { SbomRequest } from "../../sbom/scanner.ts";
import { csvFields } from "../parse/csv.ts";
import { reworded } from "../parse/index.ts";
import { bad } from "./values.ts";

const defaultGenerator = "docker/buildkit-syft-scanner:stable-1";

/** What `attest:sbom=…` (or the build argument BUILDKIT_ATTEST_SBOM) asks for. Throws for attestations of an unknown type. */
export function readSbomRequest(options: Readonly<Record<string, string>>): SbomRequest | undefined {
  let sbom: SbomRequest | undefined;
  for (const [key, value] of Object.entries(options)) {
    const type = /^(?:attest:|build-arg:BUILDKIT_ATTEST_)(.*)$/.exec(key)?.[1]?.toLowerCase();
    if (type === undefined) continue;
    const attrs = readAttrs(type, value);
    if (type === "sbom") sbom = sbomOf(attrs);
    else if (type !== "provenance") throw bad(`unknown attestation type ${goQuote(type)}`);
  }
  return sbom;
}

function readAttrs(type: string, text: string): Record<string, string> {
  if (text === "") return {};
  try {
    return Object.fromEntries(
      csvFields(text).map((field) => {
        const at = field.indexOf("=");
        return at < 0 ? [field, ""] : [field.slice(0, at), field.slice(at + 1)];
      }),
    );
  } catch (error) {
    throw reworded(error, (message) => `failed to parse ${type}: ${message}`);
  }
}

function sbomOf(attrs: Readonly<Record<string, string>>): SbomRequest {
  const { generator = defaultGenerator, ...parameters } = attrs;
  try {
    return { generator: canonicalReference(generator), parameters };
  } catch (error) {
    throw reworded(error, (message) => `failed to parse sbom scanner ${generator}: ${message}`);
  }
}
