import { createHmac } from "node:crypto";
import { CooperError } from "../../../kit/index.ts";
import type { Authorize } from "./block-blobs.ts";

/** In the order in which they are signed; the date is in `x-ms-date`. */
const signedHeaders = [
  "content-encoding",
  "content-language",
  "content-length",
  "content-md5",
  "content-type",
  "date",
  "if-modified-since",
  "if-match",
  "if-none-match",
  "if-unmodified-since",
  "range",
];

/**
 * Calls that an account's key signs (learn.microsoft.com, "Authorize with Shared Key"). Throws `export/bad-attribute` for what is no key.
 */
export function sharedKey(account: string, secret: string): Authorize {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(secret) || secret.length % 4 !== 0) {
    throw new CooperError(
      "export/bad-attribute",
      "failed to create shared key: decode account key: illegal base64 data",
    );
  }
  const key = Buffer.from(secret, "base64");
  return async (method, url, headers) => {
    const text = stringToSign(account, method, url, headers);
    const signature = createHmac("sha256", key).update(text).digest("base64");
    return { ...headers, authorization: `SharedKey ${account}:${signature}` };
  };
}

/** `headers`: names in lower case. */
export function stringToSign(
  account: string,
  method: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
): string {
  const standard = signedHeaders.map((name) => {
    const value = name === "date" ? "" : (headers[name] ?? "");
    return name === "content-length" && value === "0" ? "" : value;
  });
  const own = Object.keys(headers).filter((name) => name.startsWith("x-ms-"));
  const ownLines = own.sort().map((name) => `${name}:${headers[name]?.trim()}`);
  const query = [...new Set(url.searchParams.keys())].sort();
  const queryLines = query.map((name) => `${name.toLowerCase()}:${url.searchParams.getAll(name).sort().join(",")}`);
  return [method, ...standard, ...ownLines, `/${account}${url.pathname}`, ...queryLines].join("\n");
}
