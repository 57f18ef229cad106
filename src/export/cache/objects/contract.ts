import type { Bytes, Digest, Scope } from "../../../kit/index.ts";

/** What is written: `open` may be called again, and gives the same bytes. */
export interface ObjectBody {
  readonly size: number;
  /** In hex. */
  readonly sha256: string;
  readonly open: () => Bytes;
}

/**
 * A place of named objects that a cache is kept in, without a manifest: blobs by digest, and configs in which every layer says what it is
 * (`layer-facts.ts`). Nothing that is read is verified here.
 */
export interface ObjectStore {
  /** Tells this place from others. */
  readonly id: string;
  /** How many blobs are sent at once. */
  readonly parallelism: number;
  /** The configs that count; none: nobody wrote one yet. */
  configs(scope: Scope): Promise<readonly Uint8Array[]>;
  has(blob: Digest, scope: Scope): Promise<boolean>;
  /** Undefined: it is not there. */
  open(blob: Digest, scope: Scope): Promise<Bytes | undefined>;
  /** As `has`, for a cache that is being written: one that is there is also kept from being deleted as old. */
  keep(blob: Digest, scope: Scope): Promise<boolean>;
  /** One that is there by now is no error. */
  putBlob(blob: Digest, body: ObjectBody, scope: Scope): Promise<void>;
  putConfig(body: ObjectBody, scope: Scope): Promise<void>;
}

export type Attributes = Readonly<Record<string, string>>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** More than the config of any cache has. */
export const configLimit = 256 * 1024 * 1024;
