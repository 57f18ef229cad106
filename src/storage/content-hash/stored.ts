import { CooperError, type Digest } from "../../kit/index.ts";
import type { SnapshotStore } from "../contract.ts";
import type { Database } from "../database/database.ts";
import type { Layout } from "../layout.ts";
import type { ContentHashes } from "./contract.ts";

export interface ContentHashParts {
  readonly layout: Layout;
  readonly database: Database;
  readonly snapshots: SnapshotStore;
}

/** Content hashes with a memory in the root. */
export class StoredContentHashes implements ContentHashes {
  constructor(_parts: ContentHashParts) {}
  hash(): Promise<Digest> {
    return Promise.reject(new CooperError("storage/failed", "cannot hash content: not there yet"));
  }
}
