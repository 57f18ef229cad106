import type { CopySource, FileActionSpec } from "../../../llb/index.ts";

type CopySpec = Extract<FileActionSpec, { readonly kind: "copy" }>;

/** A copy with everything not said switched off. */
export function copyAction(
  given: Partial<CopySpec> & { readonly source: CopySource; readonly src: string; readonly dest: string },
): CopySpec {
  return {
    kind: "copy",
    mode: undefined,
    modeString: "",
    followSymlink: false,
    dirCopyContents: false,
    attemptUnpack: false,
    createDestPath: false,
    allowWildcard: false,
    allowEmptyWildcard: false,
    timestamp: undefined,
    includePatterns: [],
    excludePatterns: [],
    requiredPaths: [],
    alwaysReplaceExistingDestPaths: false,
    ...given,
  };
}
