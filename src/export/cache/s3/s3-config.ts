import { CooperError, goDuration } from "../../../kit/index.ts";
import type { Attributes, Environment } from "../objects/contract.ts";

/** A bucket and where a cache is in it: upstream's attributes of `type=s3`. */
export interface S3Config {
  readonly bucket: string;
  readonly region: string;
  readonly manifests: string;
  readonly blobs: string;
  /** Under which the manifest is written; the first is read. */
  readonly names: readonly string[];
  /** A blob that is there and older than this is made young again. Milliseconds. */
  readonly touchRefresh: number;
  /** Undefined: Amazon's own. */
  readonly endpoint: string | undefined;
  readonly pathStyle: boolean;
  readonly parallelism: number;
  readonly attempts: number;
}

/** Reads the attributes. Throws `export/bad-attribute`, in upstream's words. */
export function s3Config(attrs: Attributes, env: Environment): S3Config {
  const prefix = attrs.prefix ?? "";
  checkRetryMode(attrs.retry_mode);
  return {
    bucket: required(attrs.bucket ?? env.AWS_BUCKET, "bucket ($AWS_BUCKET)"),
    region: required(attrs.region ?? env.AWS_REGION, "region ($AWS_REGION)"),
    manifests: `${prefix}${attrs.manifests_prefix ?? "manifests/"}`,
    blobs: `${prefix}${attrs.blobs_prefix ?? "blobs/"}`,
    names: (attrs.name ?? "buildkit").split(";"),
    touchRefresh: goDuration(attrs.touch_refresh ?? "") ?? 24 * 60 * 60 * 1000,
    endpoint: checkedUrl(attrs.endpoint_url || env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL),
    pathStyle: ["1", "t", "T", "true", "TRUE", "True"].includes(attrs.use_path_style ?? ""),
    parallelism: positive(attrs.upload_parallelism, "upload_parallelism") ?? 4,
    attempts: positive(attrs.retry_max_attempts, "retry_max_attempts") ?? 3,
  };
}

function required(value: string | undefined, what: string): string {
  if (value !== undefined) return value;
  throw bad(`${what} not set for s3 cache`);
}

function checkedUrl(url: string | undefined): string | undefined {
  if (url === undefined || url === "") return undefined;
  if (/^https?:\/\//.test(url) && URL.canParse(url)) return url;
  throw bad(`invalid endpoint_url ${JSON.stringify(url)} for s3 cache`);
}

function positive(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\+?\d+$/.test(text) ? Number(text) : 0;
  if (number > 0) return number;
  throw bad(`${name} must be a positive integer`);
}

function checkRetryMode(mode: string | undefined): void {
  if (mode !== undefined && mode !== "standard" && mode !== "adaptive") {
    throw bad('retry_mode must be "standard" or "adaptive"');
  }
}

function bad(sentence: string): CooperError {
  return new CooperError("export/bad-attribute", sentence);
}
