import type pg from "pg";
import { encodeFrame } from "../../domain/event-frame.js";
import type { TenantId } from "../../domain/tenant.js";
import { byteaArray, int8Array, uuidArray } from "./encode-array.js";

/** Events that one statement rewrites. */
const pageSize = 200;

/**
 * Version 6 of the schema: an event is kept as the frame that its readers are sent
 * (domain/event-frame.ts), and beside it what is searched for. Rewrites every event there is; the
 * operators' view shows what it did.
 */
export async function keepFrames(client: pg.Client): Promise<void> {
  await client.query("ALTER TABLE annals.events ADD COLUMN frame bytea");
  for (let page = await readAfter(client); page.length > 0;) {
    await client.query(update, [
      uuidArray(page.map(([tenantId]) => tenantId)),
      int8Array(page.map(([, position]) => BigInt(position))),
      byteaArray(page.map(frameOf)),
    ]);
    page = await readAfter(client, page.at(-1));
  }
  await client.query(`${functions} ${view} ${columns}`);
}

type OldRow = readonly [
  tenantId: string,
  position: string,
  eventId: string,
  aggregateType: string,
  aggregateId: string,
  aggregateVersion: string,
  eventType: string,
  occurredAt: string,
  recordedAt: string,
  data: string,
  contentType: string,
  metadata: string,
  correlationId: string,
  causationId: string,
  tags: string,
];

async function readAfter(client: pg.Client, last?: OldRow): Promise<OldRow[]> {
  const { rows } = await client.query<string[]>({
    text: `
      SELECT tenant_id::text, position::text, event_id::text, aggregate_type, aggregate_id,
        aggregate_version::text, event_type, ${micros("occurred_at")}, ${micros("recorded_at")},
        encode(data, 'base64'), content_type, metadata::text, correlation_id, causation_id,
        to_json(tags)::text
      FROM annals.events ${last ? "WHERE (tenant_id, position) > ($1, $2)" : ""}
      ORDER BY events.tenant_id, events.position LIMIT ${pageSize}`,
    values: last ? [last[0], last[1]] : [],
    rowMode: "array",
  });
  return rows as unknown as OldRow[];
}

function micros(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000000)::bigint::text`;
}

function frameOf(row: OldRow): Uint8Array {
  return encodeFrame({
    tenantId: row[0] as TenantId, // the store's own
    position: BigInt(row[1]),
    eventId: row[2],
    aggregateType: row[3],
    aggregateId: row[4],
    aggregateVersion: BigInt(row[5]),
    eventType: row[6],
    occurredAt: BigInt(row[7]),
    recordedAt: BigInt(row[8]),
    data: Buffer.from(row[9], "base64"),
    contentType: row[10],
    metadata: JSON.parse(row[11]) as Record<string, string>,
    correlationId: row[12],
    causationId: row[13],
    tags: JSON.parse(row[14]) as string[],
  });
}

const update = `
  UPDATE annals.events SET frame = framed.frame
  FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS framed (tenant_id, position, frame)
  WHERE events.tenant_id = framed.tenant_id AND events.position = framed.position`;

/** Protobuf, read by the database: https://protobuf.dev/programming-guides/encoding. For people, not for speed. */
const functions = `
  -- The fields of a message, in order: varints as numbers, all else as bytes.
  CREATE FUNCTION annals.fields_of(message bytea)
  RETURNS TABLE (field integer, number bigint, bytes bytea)
  LANGUAGE plpgsql IMMUTABLE STRICT AS $$
  DECLARE
    at integer := 0;
    shift integer;
    byte integer;
    varint bigint;
    is_bytes boolean := false;
  BEGIN
    WHILE at < octet_length(message) LOOP
      FOR part IN 1..2 LOOP -- the tag, then the number or the length
        varint := 0;
        shift := 0;
        LOOP
          byte := get_byte(message, at);
          at := at + 1;
          varint := varint | ((byte & 127)::bigint << shift);
          shift := shift + 7;
          EXIT WHEN byte < 128;
        END LOOP;
        IF part = 1 THEN
          field := varint >> 3;
          is_bytes := varint & 7 = 2;
        END IF;
      END LOOP;
      number := CASE WHEN NOT is_bytes THEN varint END;
      bytes := CASE WHEN is_bytes THEN substring(message FROM at + 1 FOR varint::integer) END;
      IF is_bytes THEN at := at + varint; END IF;
      RETURN NEXT;
    END LOOP;
  END $$;

  -- What an event's frame holds that is no column: fields of annals.v1.RecordedEvent.
  CREATE FUNCTION annals.unframe(frame bytea, OUT occurred_at timestamptz, OUT data bytea,
    OUT content_type text, OUT metadata jsonb, OUT correlation_id text, OUT causation_id text)
  LANGUAGE plpgsql IMMUTABLE STRICT AS $$
  DECLARE
    part record;
    entry text[];
  BEGIN
    occurred_at := 'epoch';
    data := '';
    content_type := '';
    metadata := '{}';
    correlation_id := '';
    causation_id := '';
    FOR part IN SELECT event.* FROM annals.fields_of(frame) AS outer_field, annals.fields_of(outer_field.bytes) AS event LOOP
      CASE part.field
        WHEN 8 THEN
          SELECT occurred_at + coalesce(sum(number) FILTER (WHERE field = 1), 0) * interval '1 second'
              + coalesce(sum(number) FILTER (WHERE field = 2), 0) / 1000 * interval '1 microsecond'
            INTO occurred_at FROM annals.fields_of(part.bytes);
        WHEN 10 THEN data := part.bytes;
        WHEN 11 THEN content_type := convert_from(part.bytes, 'UTF8');
        WHEN 12 THEN
          SELECT array_agg(convert_from(bytes, 'UTF8') ORDER BY field) INTO entry FROM annals.fields_of(part.bytes);
          metadata := metadata || jsonb_build_object(entry[1], entry[2]);
        WHEN 13 THEN correlation_id := convert_from(part.bytes, 'UTF8');
        WHEN 14 THEN causation_id := convert_from(part.bytes, 'UTF8');
        ELSE NULL;
      END CASE;
    END LOOP;
  END $$;`;

const view = `
  CREATE OR REPLACE VIEW annals.events_json AS
    SELECT events.tenant_id, events.position, events.global_position, events.aggregate_type,
      events.aggregate_id, events.aggregate_version, events.event_type, events.event_id,
      unframed.occurred_at, events.recorded_at, unframed.correlation_id COLLATE "C" AS correlation_id,
      unframed.causation_id COLLATE "C" AS causation_id, events.tags, unframed.metadata,
      unframed.content_type COLLATE "C" AS content_type, octet_length(unframed.data) AS data_bytes,
      annals.json_of(unframed.content_type, unframed.data) AS data
    FROM annals.events, LATERAL annals.unframe(events.frame) AS unframed;
  DO $$ BEGIN
    IF current_setting('server_version_num')::int >= 150000 THEN
      ALTER VIEW annals.events_json SET (security_invoker = true);
    END IF;
  END $$;`;

const columns = `
  ALTER TABLE annals.events
    ALTER COLUMN frame SET NOT NULL, DROP COLUMN occurred_at, DROP COLUMN content_type,
    DROP COLUMN metadata, DROP COLUMN correlation_id, DROP COLUMN causation_id, DROP COLUMN data;`;
