import type pg from "pg";
import { keepFrames } from "./keep-frames.js";

/** One version's change of the schema, as SQL or, where that is not enough, on a connection. */
export type Migration = string | ((client: pg.Client) => Promise<void>);

/**
 * The schema, by version: forward only, never edited once released. Tenant first in every key,
 * nothing unique across tenants, no sequence, trigger or foreign key: the tables that have a
 * tenant_id can be distributed by it without change. There is no table of streams: what is known of a
 * stream stands in its first and its last event, and an append has two random pages less to write.
 */
export const migrations: readonly Migration[] = [
  `
  -- Where the whole log ends: one row, locked by every batch before it takes positions.
  CREATE TABLE annals.log_head (
    id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    global_position bigint NOT NULL,
    recorded_at timestamptz
  ) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
  INSERT INTO annals.log_head (global_position) VALUES (0);

  -- Where each tenant's log ends.
  CREATE TABLE annals.tenants (
    tenant_id uuid PRIMARY KEY,
    position bigint NOT NULL,
    recorded_at timestamptz NOT NULL
  ) WITH (fillfactor = 50);

  CREATE TABLE annals.events (
    tenant_id uuid NOT NULL,
    position bigint NOT NULL,
    global_position bigint NOT NULL,
    event_id uuid NOT NULL,
    aggregate_version bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    content_type text COLLATE "C" NOT NULL,
    correlation_id text COLLATE "C" NOT NULL,
    causation_id text COLLATE "C" NOT NULL,
    tags text[] COLLATE "C" NOT NULL,
    metadata jsonb NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (tenant_id, position)
  ) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);
  CREATE UNIQUE INDEX events_by_id ON annals.events (tenant_id, event_id);
  CREATE UNIQUE INDEX events_by_stream
    ON annals.events (tenant_id, aggregate_type, aggregate_id, aggregate_version);
  CREATE INDEX events_by_type ON annals.events (tenant_id, aggregate_type, position);
  CREATE INDEX events_by_global_position ON annals.events (global_position);

  -- For the one question asked across tenants: does another one have a stream of this name?
  CREATE INDEX streams_by_name ON annals.events (aggregate_id, aggregate_type, tenant_id)
    WHERE aggregate_version = 1;
  `,
  `
  -- Data as JSON for people, NULL where it is not JSON. Never fails, whatever the bytes are. Not
  -- parallel safe: catching an exception takes a subtransaction, which workers cannot have before 18.
  CREATE FUNCTION annals.json_of(content_type text, data bytea) RETURNS jsonb
  LANGUAGE plpgsql IMMUTABLE AS $$
  BEGIN
    IF content_type !~* '^[^;]*json' THEN RETURN NULL; END IF;
    RETURN convert_from(data, 'UTF8')::jsonb;
  EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    RETURN NULL;
  END $$;

  CREATE VIEW annals.events_json AS
    SELECT tenant_id, position, global_position, aggregate_type, aggregate_id, aggregate_version,
      event_type, event_id, occurred_at, recorded_at, correlation_id, causation_id, tags, metadata,
      content_type, octet_length(data) AS data_bytes, annals.json_of(content_type, data) AS data
    FROM annals.events;
  `,
  `
  -- Small named values beside the log. The operator's have the tenant id of all zeros.
  CREATE TABLE annals.records (
    tenant_id uuid NOT NULL,
    collection text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (tenant_id, collection, name)
  );
  `,
  `
  -- How much each tenant's log holds, as sizeOfEvent counts it; for what is there already, nearly so.
  ALTER TABLE annals.tenants ADD COLUMN bytes bigint NOT NULL DEFAULT 0;
  UPDATE annals.tenants SET bytes = (
    SELECT coalesce(sum(128 + octet_length(data) + octet_length(event_type)
      + octet_length(content_type) + octet_length(metadata::text) - 2
      + octet_length(correlation_id) + octet_length(causation_id)
      + octet_length(array_to_string(tags, ''))), 0)
    FROM annals.events WHERE events.tenant_id = tenants.tenant_id);
  `,
  `
  -- The second wall: a statement sees the rows of the tenant that its session names, whatever its WHERE
  -- says; '*' is every tenant; no name, no rows. Each name is looked up once a statement. Owners pass.
  ALTER TABLE annals.events ENABLE ROW LEVEL SECURITY;
  ALTER TABLE annals.tenants ENABLE ROW LEVEL SECURITY;
  ALTER TABLE annals.records ENABLE ROW LEVEL SECURITY;
  CREATE POLICY reads_own ON annals.events FOR SELECT USING (
    (SELECT current_setting('annals.tenant_id', true) = '*') OR tenant_id =
      (SELECT nullif(nullif(current_setting('annals.tenant_id', true), ''), '*')::uuid));
  CREATE POLICY reads_own ON annals.tenants FOR SELECT USING (
    (SELECT current_setting('annals.tenant_id', true) = '*') OR tenant_id =
      (SELECT nullif(nullif(current_setting('annals.tenant_id', true), ''), '*')::uuid));
  CREATE POLICY own ON annals.records USING (
    (SELECT current_setting('annals.tenant_id', true) = '*') OR tenant_id =
      (SELECT nullif(nullif(current_setting('annals.tenant_id', true), ''), '*')::uuid));
  CREATE POLICY appends ON annals.events FOR INSERT WITH CHECK (true);
  CREATE POLICY appends ON annals.tenants FOR INSERT WITH CHECK (true);
  CREATE POLICY moves_on ON annals.tenants FOR UPDATE USING (true);
  -- A view reads as its owner, who passes; older than 15 it cannot be told to read as its caller.
  DO $$ BEGIN
    IF current_setting('server_version_num')::int >= 150000 THEN
      ALTER VIEW annals.events_json SET (security_invoker = true);
    END IF;
  END $$;
  `,
  keepFrames,
  `
  -- Names the last batch: who plans on what it left knows whether it still is the last one.
  ALTER TABLE annals.log_head ADD COLUMN batch bigint NOT NULL DEFAULT 0;
  `,
];
