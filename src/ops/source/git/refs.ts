import { CooperError } from "../../../kit/index.ts";

/** What a ref of a remote means. */
export interface FoundRef {
  /** Full name: `refs/heads/main`, also when HEAD was asked for; `HEAD` of a repository where that is no branch. */
  readonly name: string;
  readonly sha: string;
  /** The commit that an annotated tag points to. */
  readonly commit: string;
}

/** Whether the repository's objects are named by SHA-256 instead of SHA-1. */
export function isSha256(found: FoundRef): boolean {
  return found.commit.length === 64;
}

/**
 * Picks the ref out of the lines of `git ls-remote --symref`; as git-checkout, a full name first, then a branch, then a tag. Throws
 * `ops/git-no-ref` with upstream's sentence.
 */
export function findRef(ref: string, output: string): FoundRef {
  const refs = new Map<string, string>();
  let branch: string | undefined;
  for (const line of output.split("\n")) {
    const [sha, name] = line.split("\t");
    if (name === "HEAD" && sha?.startsWith("ref: ")) {
      branch = sha.slice("ref: ".length);
      continue;
    }
    if (sha !== undefined && name !== undefined) refs.set(name, sha);
  }
  for (const name of candidates(ref)) {
    const sha = refs.get(name);
    if (sha !== undefined)
      return { name: (name === "HEAD" && branch) || name, sha, commit: refs.get(`${name}^{}`) ?? sha };
  }
  throw new CooperError("ops/git-no-ref", `repository does not contain ref ${ref}, output: ${JSON.stringify(output)}`);
}

function candidates(ref: string): string[] {
  const partial = ref.replace(/^refs\//, "");
  return [...(ref === "HEAD" ? ["HEAD"] : []), `refs/${partial}`, `refs/heads/${partial}`, `refs/tags/${partial}`];
}
