import type { LayerRecord, LayerRecords, SnapshotId } from "./contract.ts";
import type { Database } from "./database/database.ts";

/** Layer records as rows; the record itself is JSON that only this file reads and writes. */
export class StoredLayerRecords implements LayerRecords {
  readonly #database: Database;
  constructor(database: Database) {
    this.#database = database;
  }

  list(id: SnapshotId): readonly LayerRecord[] {
    const sql = "SELECT record FROM layer WHERE snapshot = ? ORDER BY position";
    return this.#database.all<{ record: string }>(sql, id).map(({ record }) => JSON.parse(record) as LayerRecord);
  }

  add(id: SnapshotId, record: LayerRecord): void {
    const sql = `INSERT INTO layer (snapshot, digest, record) VALUES (?, ?, ?)
      ON CONFLICT (snapshot, digest) DO UPDATE SET record = excluded.record`;
    this.#database.run(sql, id, record.descriptor.digest, JSON.stringify(record));
  }
}
