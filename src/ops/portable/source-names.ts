import { sha256 } from "../../kit/index.ts";
import type { SourceOp } from "../../llb/index.ts";
import { goJson, type Platform, parseImageConfig } from "../../oci/index.ts";
import type { OpScope } from "../contract.ts";
import { gitAttributes, isCommit } from "../source/git/attributes.ts";
import { gitMetadata } from "../source/git/git-op.ts";
import { httpAttributes } from "../source/http/attributes.ts";
import { findDownload } from "../source/http/download.ts";
import { fileName } from "../source/http/file-name.ts";
import { layoutStoreOf } from "../source/image/image-op.ts";
import type { ResolvedImage } from "../source/image/image-resolver.ts";
import { layoutOrigin } from "../source/image/layout-origin.ts";
import type { PortableTools } from "./portable-key.ts";

type Attributes = ReadonlyMap<string, string>;

/** What BuildKit's sources say as their cache key; nothing of a caller's folder, which is true for one build only. */
export async function sourceNames(
  { identifier, attrs }: SourceOp,
  platform: Platform,
  tools: PortableTools,
  scope: OpScope,
): Promise<readonly string[]> {
  const at = identifier.indexOf("://");
  const name = identifier.slice(at + "://".length);
  switch (identifier.slice(0, at)) {
    case "docker-image":
      return imageNames(await tools.images.resolve(name, platform, scope), platform, attrs.get("image.layerlimit"));
    case "oci-layout": {
      const origin = layoutOrigin(attrs.get("oci.store") || layoutStoreOf(name));
      const image = await tools.images.resolve(name, platform, scope, origin);
      return imageNames(image, platform, attrs.get("oci.layerlimit"));
    }
    case "git":
      return [await gitName(identifier, attrs, tools, scope)];
    case "http":
    case "https":
      return [await httpName(identifier, attrs, tools, scope)];
    default:
      return [];
  }
}

/** One for what the name pointed to, and one for the tree: the chain id of its layers. */
function imageNames(image: ResolvedImage, platform: Platform, limit: string | undefined): string[] {
  const { os, architecture, variant, osVersion, osFeatures } = platform;
  const manifest = sha256(
    goJson({
      Digest: image.digest,
      OS: os,
      Arch: architecture,
      Variant: variant || undefined,
      OSVersion: osVersion || undefined,
      OSFeatures: osFeatures?.length ? osFeatures : undefined,
      Limit: limit === undefined ? undefined : Number(limit),
    }),
  );
  const layers = limit === undefined ? image.layers : image.layers.slice(0, Number(limit));
  const chain = layers.at(-1)?.chainId;
  const { diffIds = [] } = parseImageConfig(image.config);
  return chain === undefined || diffIds.length === 0 ? [manifest] : [manifest, chain];
}

async function gitName(
  identifier: string,
  attrs: Attributes,
  { storage, answers }: PortableTools,
  scope: OpScope,
): Promise<string> {
  const source = gitAttributes(identifier, attrs);
  const { checksum, commitChecksum, ref } = await gitMetadata(identifier, attrs, false, storage, answers, scope);
  const name = isCommit(source.ref) ? source.ref : ref;
  const gitDir = source.keepGitDir ? `.git${name === "" ? "" : `#${name}`}` : "";
  return [
    source.keepGitDir ? checksum : commitChecksum || checksum,
    gitDir,
    source.subdir === "" ? "" : `:${rawSubdir(identifier)}`,
    source.submodules ? "" : "(skip-submodules)",
    source.mtime === "checkout" ? "" : `(mtime=${source.mtime})`,
    attrs.get("git.checkoutbundle") === "true" ? "(bundle)" : "",
  ].join("");
}

/** As it was written: BuildKit does not clean it. */
function rawSubdir(identifier: string): string {
  const fragment = identifier.slice(identifier.indexOf("#") + 1);
  return fragment.slice(fragment.indexOf(":") + 1);
}

async function httpName(url: string, attrs: Attributes, tools: PortableTools, scope: OpScope): Promise<string> {
  const source = httpAttributes(url, attrs);
  const file =
    source.checksum !== undefined
      ? { name: fileName(source.url, source.filename, undefined), digest: source.checksum, lastModified: "" }
      : await findDownload(source, tools.storage, tools.answers, scope);
  const time = new Date(file.lastModified);
  const headers = source.headers.map(([name, value]) => ({ Name: canonicalHeader(name), Value: value }));
  return sha256(
    goJson({
      Filename: file.name,
      Perm: attrs.has("http.perm") ? source.mode : 0,
      UID: source.uid,
      GID: source.gid,
      Checksum: file.digest,
      LastModTime: Number.isNaN(time.getTime()) ? undefined : time.toUTCString(),
      AuthHeaderSecret: source.authSecret || undefined,
      Header: headers.length === 0 ? undefined : headers,
    }),
  );
}

function canonicalHeader(name: string): string {
  return name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}
