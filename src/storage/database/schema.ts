/** Version of `schema`, kept in SQLite's `user_version`. A change of the schema raises it and adds a step to `upgrades`. */
export const schemaVersion = 2;

/** What to run on a root of version n to make it one of version n + 1. */
export const upgrades: Readonly<Record<number, string>> = {
  1: `ALTER TABLE snapshot ADD COLUMN uses INTEGER NOT NULL DEFAULT 1;
    CREATE TABLE kept (id TEXT PRIMARY KEY, description TEXT, uses INTEGER NOT NULL) WITHOUT ROWID;`,
};

/** The whole database. Times are milliseconds since 1970. */
export const schema = `
  -- A tree, or the changes that make it out of its parent's. Its files are in snapshots/<id>/.
  CREATE TABLE snapshot (
    id TEXT PRIMARY KEY,
    driver TEXT NOT NULL,                      -- 'overlay' | 'userxattr' | 'native' | 'recorded': each sees its own only
    parent TEXT REFERENCES snapshot (id),      -- keeps the parent while the child is there
    name TEXT,                                 -- given at commit; unique per driver
    owner TEXT,                                -- process (run/<owner>) that writes it or takes it away; NULL: committed
    description TEXT,
    created INTEGER NOT NULL,
    used INTEGER NOT NULL,                     -- last touched; set at the first touch of each process
    size INTEGER,                              -- bytes on disk, NULL until somebody asked
    uses INTEGER NOT NULL DEFAULT 1            -- how often it was touched, and made
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX snapshot_name ON snapshot (driver, name) WHERE name IS NOT NULL;
  CREATE INDEX snapshot_parent ON snapshot (parent) WHERE parent IS NOT NULL;
  CREATE INDEX snapshot_owner ON snapshot (owner) WHERE owner IS NOT NULL;

  -- The blobs that a snapshot's changes were packed into or unpacked from. record is JSON (LayerRecord).
  CREATE TABLE layer (
    snapshot TEXT NOT NULL REFERENCES snapshot (id) ON DELETE CASCADE,
    position INTEGER PRIMARY KEY,              -- order of adding
    digest TEXT NOT NULL,
    record TEXT NOT NULL,
    UNIQUE (snapshot, digest)
  );

  -- Strings in the name spaces of their users: solver results, image configs.
  CREATE TABLE record (
    space TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (space, key)
  ) WITHOUT ROWID;

  -- What kept folders are for, and how often they were asked for. The folders themselves are in kept/<id>.
  CREATE TABLE kept (id TEXT PRIMARY KEY, description TEXT, uses INTEGER NOT NULL) WITHOUT ROWID;

  -- Content hash of what a selector picks from a committed snapshot.
  CREATE TABLE tree_hash (
    snapshot TEXT NOT NULL REFERENCES snapshot (id) ON DELETE CASCADE,
    selector TEXT NOT NULL,                    -- digest of the selector
    digest TEXT NOT NULL,
    PRIMARY KEY (snapshot, selector)
  ) WITHOUT ROWID;
`;
