import { formatPlatform, normalizePlatform, type Platform } from "./platform.ts";
import { familiarName, parseReference, withDefaultTag } from "./reference.ts";

/**
 * The package URL of an image, by which attestations name it: `pkg:docker/alpine@latest?platform=linux%2Famd64`; `more` are further
 * qualifiers. Escaped as upstream's library escapes (Go's `url.QueryEscape` in names, `url.PathEscape` elsewhere). Throws what `parseReference` throws.
 */
export function imagePackageUrl(
  type: string,
  name: string,
  platform?: Platform,
  more: Readonly<Record<string, string>> = {},
): string {
  const parsed = parseReference(name);
  const { tag, digest } = parsed.digest === undefined ? withDefaultTag(parsed) : parsed;
  const path = familiarName(parsed).split("/").map(queryEscape).join("/");
  const qualifiers = [
    ...(digest === undefined ? [] : [`digest=${pathEscape(digest)}`]),
    ...(platform === undefined ? [] : [`platform=${pathEscape(formatPlatform(normalizePlatform(platform)))}`]),
    ...Object.entries(more).map(([key, value]) => `${key}=${pathEscape(value)}`),
  ];
  const version = tag === undefined ? "" : `@${pathEscape(tag)}`;
  return `pkg:${type}/${path}${version}${qualifiers.length === 0 ? "" : `?${qualifiers.join("&")}`}`;
}

/** Go's `url.QueryEscape`. */
function queryEscape(text: string): string {
  return strict(text).replaceAll("%20", "+");
}

/** Go's `url.PathEscape`. */
function pathEscape(text: string): string {
  return strict(text).replace(/%(?:24|26|2B|3A|3D|40)/g, decodeURIComponent);
}

/** All but letters, digits and `-_.~`. */
function strict(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
