import type { SourceFile } from "../../contract.ts";
import type { ParsedFile } from "./node.ts";

/** A Dockerfile's bytes with the name that errors show. */
export function dockerfileSource(data: Uint8Array, filename = "Dockerfile"): SourceFile {
  return { filename, data, language: "Dockerfile" };
}

/**
 * Cuts a Dockerfile into logical lines: directives, comments, continuations, heredocs, flags, arguments.
 * Throws CooperErrors of the family `dockerfile/` with SourceErrorDetails.
 */
export function parseDockerfile(source: SourceFile): ParsedFile {
  throw new Error(`not yet: ${source.filename}`);
}
