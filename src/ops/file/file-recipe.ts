import { posix } from "node:path";
import { hasWildcard, sha256Fields } from "../../kit/index.ts";
import type { CopyAction, FileAction, FileOp, Owner } from "../../llb/index.ts";
import type { Recipe } from "../../solver/index.ts";
import { createSeenFolder, type SeenFolder, type Storage } from "../../storage/index.ts";
import type { OpScope, Ref } from "../contract.ts";
import { hashSelection, type Selection } from "../selection.ts";

/** What was seen of folders among the inputs when they were hashed, by index of input. */
export type SeenInputs = Map<number, SeenFolder>;

/**
 * What counts for a file op's key: its actions, and of the inputs that are only read (copied from, or asked for user names) the content
 * of just the paths that are read. An input that is changed counts by its own key.
 */
export function fileRecipe(body: FileOp, inputCount: number, storage: Storage, seen: SeenInputs): Recipe<Ref, OpScope> {
  const inputs = Array.from({ length: inputCount }, (_, index) => index);
  const selections = inputs.map((index) => selectionsOf(body, index));
  return {
    digest: sha256Fields("file 1", JSON.stringify(body.actions, readable)),
    content: selections.map((selection, index) =>
      selection.length === 0
        ? undefined
        : (input, scope) => {
            const looked = createSeenFolder();
            seen.set(index, looked);
            return hashSelection(input, selection, storage, scope, looked);
          },
    ),
    storable: true,
  };
}

/** Times and bytes as JSON has them. */
function readable(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}

/** Empty when the input is changed by an action, too. */
function selectionsOf(body: FileOp, input: number): readonly Selection[] {
  if (body.actions.some((step) => step.input === input)) return [];
  return body.actions.flatMap(({ action, secondaryInput }) => [
    ...(action.kind === "copy" && secondaryInput === input ? [copied(action)] : []),
    ...userFiles(ownerOf(action), input),
  ]);
}

function copied(action: CopyAction): Selection {
  const wildcard = action.allowWildcard && hasWildcard(action.src);
  return {
    path: posix.join("/", action.src),
    wildcard,
    followLinks: action.followSymlink,
    include: action.includePatterns,
    exclude: action.excludePatterns,
  };
}

function ownerOf(action: FileAction): Owner | undefined {
  return action.kind === "rm" ? undefined : action.owner;
}

function userFiles(owner: Owner | undefined, input: number): Selection[] {
  const files: string[] = [];
  if (owner?.user?.kind === "name" && owner.user.input === input) files.push("/etc/passwd");
  if (owner?.group?.kind === "name" && owner.group.input === input) files.push("/etc/group");
  // As a pattern, a file that is not there counts as such and is no error.
  return files.map((path) => ({ path, wildcard: true, followLinks: true, include: [], exclude: [] }));
}
