import type { CopyAction, FileAction, FileStep, MkdirAction, MkfileAction } from "../../llb/index.ts";
import type { Ref } from "../contract.ts";
import { fileOp } from "../file/file-op.ts";
import type { Workbench } from "./workbench.ts";

/** Copies as COPY does, whatever is not said otherwise. */
export const copy = (src: string, dest: string, more: Partial<CopyAction> = {}): CopyAction => ({
  kind: "copy",
  src,
  dest,
  mode: undefined,
  modeString: "",
  followSymlink: true,
  dirCopyContents: true,
  attemptUnpack: false,
  createDestPath: true,
  allowWildcard: true,
  allowEmptyWildcard: true,
  timestamp: undefined,
  includePatterns: [],
  excludePatterns: [],
  requiredPaths: [],
  alwaysReplaceExistingDestPaths: false,
  ...more,
});

/** Makes a directory and its parents. */
export const mkdir = (path: string, more: Partial<MkdirAction> = {}): MkdirAction => ({
  kind: "mkdir",
  path,
  mode: 0o755,
  makeParents: true,
  timestamp: undefined,
  ...more,
});

/** Makes a file with this text. */
export const mkfile = (path: string, data: string, more: Partial<MkfileAction> = {}): MkfileAction => ({
  kind: "mkfile",
  path,
  mode: 0o644,
  data: Buffer.from(data),
  timestamp: undefined,
  ...more,
});

/** The actions one after the other on the first input, copying from the second; what the last one gives. */
export async function runActions(
  bench: Workbench,
  inputs: readonly Ref[],
  ...actions: FileAction[]
): Promise<Ref | undefined> {
  const steps = actions.map(
    (action, index): FileStep => ({
      action,
      input: index === 0 ? (inputs.length > 0 ? 0 : undefined) : inputs.length + index - 1,
      secondaryInput: action.kind === "copy" ? 1 : undefined,
      output: index === actions.length - 1 ? 0 : undefined,
    }),
  );
  const [result] = await fileOp({ kind: "file", actions: steps }, inputs.length, bench.storage).execute(
    inputs,
    bench.scope(),
  );
  return result;
}
