import type { Bytes, Scope } from "../../../kit/index.ts";
import type { ObjectBody } from "../objects/contract.ts";

/** What a workflow's cache has under a key. */
export interface ActionsEntry {
  /** The whole key, of which only the beginning was asked for. */
  readonly key: string;
  /** Its bytes from the beginning. */
  open(scope: Scope): Promise<Bytes>;
}

/** An entry that is being written. */
export interface Reservation {
  upload(body: ObjectBody, scope: Scope): Promise<void>;
  /** Only now it is there for others. */
  commit(size: number, scope: Scope): Promise<void>;
}

/** GitHub's service for caches, in either version. Entries are never changed. Throws `export/gha-failed`. */
export interface ActionsService {
  /** The newest entry whose key begins so, in the first of the token's scopes that has one; undefined: none. */
  load(key: string, scope: Scope): Promise<ActionsEntry | undefined>;
  /** "exists": somebody has, or writes, an entry of that key. */
  reserve(key: string, scope: Scope): Promise<Reservation | "exists">;
}

/** A name space of keys: the one of upstream's, `sha256("|go-actionscache-1.0")`. */
export const keyVersion = "693bb7016429d80366022f036f84856888c9f13e00145f5f6f4dce303a38d6f2";
