import { addEventFrame } from "./event-frame-function.js";
import type { DatabaseSyncInstance } from "@photostructure/sqlite";

/**
 * The schema, by version: forward only, never edited once released. Times are microseconds since
 * 1970, UTC. The row id is the global position, so the whole log is one sequential b-tree. What is
 * known of a stream stands in its first and its last event; the table of streams gives it a number.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE tenants (
    tenant_id TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE events (
    global_position INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    aggregate_type TEXT NOT NULL,
    aggregate_id TEXT NOT NULL,
    aggregate_version INTEGER NOT NULL,
    event_type TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    metadata TEXT,
    correlation_id TEXT NOT NULL,
    causation_id TEXT NOT NULL,
    tags TEXT,
    data BLOB NOT NULL
  ) STRICT;

  CREATE UNIQUE INDEX events_by_position ON events (tenant_id, position);
  CREATE UNIQUE INDEX events_by_id ON events (tenant_id, event_id);
  CREATE UNIQUE INDEX events_by_stream
    ON events (tenant_id, aggregate_type, aggregate_id, aggregate_version);
  CREATE INDEX events_by_type ON events (tenant_id, aggregate_type, position);

  -- For the one question asked across tenants: does another one have a stream of this name?
  CREATE INDEX streams_by_name ON events (aggregate_id, aggregate_type, tenant_id)
    WHERE aggregate_version = 1;
  `,
  `
  -- Small named values beside the log.
  CREATE TABLE records (
    owner TEXT NOT NULL,
    collection TEXT NOT NULL,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    value BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX records_by_name ON records (owner, collection, name);
  `,
  `
  -- How much each tenant's log holds, as sizeOfEvent counts it; for what is there already, nearly so.
  ALTER TABLE tenants ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
  UPDATE tenants SET bytes = (
    SELECT sum(128 + length(data) + length(event_type) + length(content_type)
      + length(coalesce(metadata, '')) + length(coalesce(tags, ''))
      + length(correlation_id) + length(causation_id))
    FROM events WHERE events.tenant_id = tenants.tenant_id);
  `,
  `
  -- Tenants and streams by number: the keys of events are short, and a commit writes fewer pages.
  ALTER TABLE tenants RENAME TO old_tenants;
  CREATE TABLE tenants (
    tenant_no INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    bytes INTEGER NOT NULL
  ) STRICT;
  INSERT INTO tenants (tenant_id, position, recorded_at, bytes)
    SELECT tenant_id, position, recorded_at, bytes FROM old_tenants ORDER BY tenant_id;
  DROP TABLE old_tenants;
  CREATE UNIQUE INDEX tenants_by_id ON tenants (tenant_id);

  CREATE TABLE streams (
    stream_no INTEGER PRIMARY KEY,
    tenant_no INTEGER NOT NULL,
    aggregate_type TEXT NOT NULL,
    aggregate_id TEXT NOT NULL
  ) STRICT;
  INSERT INTO streams (tenant_no, aggregate_type, aggregate_id)
    SELECT tenant_no, aggregate_type, aggregate_id FROM events JOIN tenants USING (tenant_id)
    WHERE aggregate_version = 1 ORDER BY global_position;
  CREATE UNIQUE INDEX streams_by_tenant ON streams (tenant_no, aggregate_type, aggregate_id);
  -- For the one question asked across tenants: does another one have a stream of this name?
  DROP INDEX streams_by_name;
  CREATE INDEX streams_by_name ON streams (aggregate_id, aggregate_type, tenant_no);

  ALTER TABLE events ADD COLUMN tenant_no INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE events ADD COLUMN stream_no INTEGER NOT NULL DEFAULT 0;
  DROP INDEX events_by_position;
  DROP INDEX events_by_id;
  DROP INDEX events_by_stream;
  DROP INDEX events_by_type;
  UPDATE events SET (tenant_no, stream_no) = (
    SELECT tenant_no, stream_no FROM tenants JOIN streams USING (tenant_no)
    WHERE tenants.tenant_id = events.tenant_id AND streams.aggregate_type = events.aggregate_type
      AND streams.aggregate_id = events.aggregate_id);
  CREATE UNIQUE INDEX events_by_position ON events (tenant_no, position);
  CREATE UNIQUE INDEX events_by_id ON events (tenant_no, event_id);
  CREATE UNIQUE INDEX events_by_stream ON events (tenant_no, stream_no, aggregate_version);
  CREATE INDEX events_by_type ON events (tenant_no, aggregate_type, position);
  `,
  `
  -- An event is kept as the frame that its readers are sent (domain/event-frame.ts), and beside it what is
  -- searched for.
  ALTER TABLE events RENAME TO old_events;
  CREATE TABLE events (
    global_position INTEGER PRIMARY KEY,
    tenant_no INTEGER NOT NULL,
    position INTEGER NOT NULL,
    stream_no INTEGER NOT NULL,
    aggregate_version INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    aggregate_type TEXT NOT NULL,
    aggregate_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    tags TEXT,
    frame BLOB NOT NULL
  ) STRICT;
  INSERT INTO events
    SELECT global_position, tenant_no, position, stream_no, aggregate_version, event_id, aggregate_type,
      aggregate_id, event_type, recorded_at, tags,
      event_frame(tenant_id, event_id, aggregate_type, aggregate_id, event_type, aggregate_version, position,
        occurred_at, recorded_at, data, content_type, metadata, correlation_id, causation_id, tags)
    FROM old_events ORDER BY global_position;
  DROP TABLE old_events;
  CREATE UNIQUE INDEX events_by_position ON events (tenant_no, position);
  CREATE UNIQUE INDEX events_by_id ON events (tenant_no, event_id);
  CREATE UNIQUE INDEX events_by_stream ON events (tenant_no, stream_no, aggregate_version);
  CREATE INDEX events_by_type ON events (tenant_no, aggregate_type, position);
  `,
];

/**
 * Brings a database to the newest schema, each version in a transaction of its own.
 *
 * @param toVersion for tests: stop at this version
 * @throws Error when the file was written by a newer Annals
 */
export function migrate(
  database: DatabaseSyncInstance,
  toVersion: number = migrations.length,
): void {
  addEventFrame(database);
  const row = database.prepare("PRAGMA user_version").get() as { user_version: number };
  const current = row.user_version;
  if (current > migrations.length) {
    throw new Error(
      `the database has schema version ${current}; this server knows ${migrations.length} and older: use a newer server`,
    );
  }
  migrations.slice(current, toVersion).forEach((sql, i) => {
    database.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${current + i + 1}; COMMIT`);
  });
}
