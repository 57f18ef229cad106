import { type Digest, isDigest } from "../../kit/index.ts";
import type { SourceOp } from "../../llb/index.ts";
import type { Platform } from "../../oci/index.ts";
import { gitAttributes } from "./git/attributes.ts";

/** What a source was used as, and which secrets it may have needed for that: their names. */
export interface SourceUse {
  readonly what:
    | {
        readonly kind: "image" | "blob";
        readonly ref: string;
        readonly platform?: Platform;
        readonly digest: Digest;
        readonly local: boolean;
      }
    | { readonly kind: "git"; readonly url: string; readonly commit: string; readonly bundle?: string }
    | { readonly kind: "http"; readonly url: string; readonly digest: Digest }
    | { readonly kind: "local"; readonly name: string };
  readonly secrets: readonly string[];
  readonly ssh: readonly string[];
}

/** The use of a source whose recipe found `found`; undefined when that says nothing. Nobody is asked. */
export function sourceUse(
  { identifier, attrs }: Pick<SourceOp, "identifier" | "attrs">,
  platform: Platform | undefined,
  found: string | undefined,
): SourceUse | undefined {
  const [scheme, name] = cut(identifier, "://");
  if (scheme === "local") return plain({ kind: "local", name });
  if (found === undefined) return undefined;
  if (scheme === "git") return gitUse(identifier, attrs, found);
  if (!isDigest(found)) return undefined;
  if (scheme === "http" || scheme === "https") return plain({ kind: "http", url: identifier, digest: found });
  const [base, suffix] = cut(scheme, "+");
  if (base !== "docker-image" && base !== "oci-layout") return undefined;
  const local = base === "oci-layout";
  if (suffix === "blob") return plain({ kind: "blob", ref: name, digest: found, local });
  return plain({ kind: "image", ref: name, digest: found, local, ...(platform && { platform }) });
}

function gitUse(identifier: string, attrs: ReadonlyMap<string, string>, commit: string): SourceUse {
  const { remote, ref, tokenSecret, headerSecret, sshSocket } = gitAttributes(identifier, attrs);
  const bundle = attrs.get("git.bundle");
  return {
    what: { kind: "git", url: ref === "" ? remote : `${remote}#${ref}`, commit, ...(bundle && { bundle }) },
    secrets: [tokenSecret, headerSecret].filter((id) => id !== ""),
    ssh: sshSocket === "" ? [] : [sshSocket],
  };
}

function plain(what: SourceUse["what"]): SourceUse {
  return { what, secrets: [], ssh: [] };
}

function cut(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
