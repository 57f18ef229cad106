import { CooperError, type Digest, isDigest } from "../kit/index.ts";

/** A canonical name taken apart: which host to ask for which object of which repository. */
export interface Target {
  /** The canonical name as given; for messages. */
  readonly name: string;
  /** Host as in the reference (`docker.io`, `localhost:5000`), with its port. */
  readonly host: string;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

const hostPattern = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?$/;
const repositoryPattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;

/**
 * Takes apart `host/repository[:tag][@digest]`. Only names that are safe inside a URL path pass: throws `registry/bad-name`.
 * Short names (`busybox`) are no canonical names; room `oci` makes them canonical first.
 */
export function parseTarget(name: string): Target {
  const slash = name.indexOf("/");
  const at = name.indexOf("@", slash + 1);
  const rest = name.slice(slash + 1, at < 0 ? undefined : at);
  const digest = at < 0 ? undefined : name.slice(at + 1);
  const colon = rest.indexOf(":");
  const repository = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  const host = name.slice(0, Math.max(0, slash));
  const valid =
    hostPattern.test(host) &&
    repositoryPattern.test(repository) &&
    repository.length <= 255 &&
    (tag === undefined || tagPattern.test(tag)) &&
    (digest === undefined || isDigest(digest));
  if (!valid)
    throw new CooperError(
      "registry/bad-name",
      `cannot use image name ${JSON.stringify(name)}: not a canonical reference`,
    );
  return { name, host, repository, tag, digest: digest as Digest | undefined };
}
