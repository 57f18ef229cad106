import { createHash, createHmac } from "node:crypto";

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Empty: these are no temporary ones. */
  readonly sessionToken: string;
}

export interface SignedRequest {
  readonly method: string;
  /** Its path must be encoded as it is sent; no query. */
  readonly url: URL;
  /** Names in lower case. All of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body, in hex. */
  readonly payload: string;
}

/** The headers of the request with AWS's signature, version 4 (docs.aws.amazon.com, "Authenticating Requests: Using the Authorization Header"). */
export function signS3(
  { method, url, headers, payload }: SignedRequest,
  { accessKeyId, secretAccessKey, sessionToken }: S3Credentials,
  region: string,
  now: Date,
): Record<string, string> {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const all: Record<string, string> = {
    ...headers,
    host: url.host,
    "x-amz-content-sha256": payload,
    "x-amz-date": time,
    ...(sessionToken !== "" && { "x-amz-security-token": sessionToken }),
  };
  const names = Object.keys(all).sort();
  const lines = names.map((name) => `${name}:${String(all[name]).trim()}\n`).join("");
  const canonical = [method, url.pathname, "", lines, names.join(";"), payload].join("\n");
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
  const signed = ["AWS4-HMAC-SHA256", time, scope, createHash("sha256").update(canonical).digest("hex")].join("\n");
  const key = scope.split("/").reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  const signature = hmac(key, signed).toString("hex");
  const credential = `Credential=${accessKeyId}/${scope}`;
  all.authorization = `AWS4-HMAC-SHA256 ${credential},SignedHeaders=${names.join(";")},Signature=${signature}`;
  return all;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** A key as S3 wants it in a path: everything but letters, digits, `-._~` and slashes is escaped. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replace(/%2F/g, "/")
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
