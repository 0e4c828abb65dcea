import { randomUUID } from "node:crypto";
import pg from "pg";
import { createUuidV7 } from "#server/domain/uuid.js";
import { encodeFrame } from "#server/domain/event-frame.js";
import type { TenantId } from "#server/domain/tenant.js";
import { byteaArray, int8Array, uuidArray } from "#server/store/postgres/encode-array.js";
import { migrate } from "#server/store/postgres/migrate.js";
import { runCallLoop } from "../load/call-loop.js";
import type { Contender } from "./contender.js";
import { createDatabase } from "./postgres-place.js";

export interface RawUnnestOptions {
  /** A PostgreSQL URL; it gets a database of its own on that server. */
  readonly serverUrl: string;
  readonly durability: string;
  readonly inFlight: number;
  /** Rows of each transaction. */
  readonly events: number;
  readonly dataBytes: number;
  readonly streams: number;
}

const insert = `
  INSERT INTO annals.events (
    global_position, tenant_id, position, event_id, aggregate_type, aggregate_id,
    aggregate_version, event_type, recorded_at, tags, frame)
  SELECT e.position, $1::uuid, e.position, e.event_id, 'Order', $2, e.version, 'OrderPlaced',
    now(), '{}', e.frame
  FROM unnest($3::bigint[], $4::uuid[], $5::bigint[], $6::bytea[])
    AS e (position, event_id, version, frame)`;

/**
 * The least that such events cost in PostgreSQL: one prepared insert a transaction into Annals' own
 * tables with all their indexes, by the same driver, over as many connections as calls. It takes no
 * lock, keeps no head, checks no version, tells nobody.
 */
export function createRawUnnest(options: RawUnnestOptions): Contender {
  const { serverUrl, durability, inFlight, events, streams } = options;
  const tenant = randomUUID();
  const data = Buffer.from(JSON.stringify({ text: "x".repeat(options.dataBytes - 11) }));
  const frame = encodeFrame({
    ...{ tenantId: tenant as TenantId, eventId: randomUUID(), aggregateType: "Order" },
    ...{ aggregateId: "order-00000000", eventType: "OrderPlaced", aggregateVersion: 1n },
    ...{ position: 1n, occurredAt: 0n, recordedAt: 0n, data, contentType: "application/json" },
    ...{ metadata: {}, correlationId: "", causationId: "", tags: [] },
  });
  const all = Array.from({ length: events }, (_, i) => i);
  const frames = byteaArray(all.map(() => frame));
  const versions = new Map<number, number>();
  let position = 0;
  let database: Awaited<ReturnType<typeof createDatabase>> | undefined;
  let pool: pg.Pool | undefined;

  const write = async (): Promise<void> => {
    const stream = Math.floor(Math.random() * streams);
    const version = versions.get(stream) ?? 0;
    const before = position;
    versions.set(stream, version + events);
    position += events;
    const values = [
      tenant,
      `order-${stream.toString(16).padStart(8, "0")}`,
      int8Array(all.map((i) => BigInt(before + i + 1))),
      uuidArray(all.map(() => createUuidV7(Date.now()))),
      int8Array(all.map((i) => BigInt(version + i + 1))),
      frames,
    ];
    await pool?.query({ name: "insert", text: insert, values });
  };
  return {
    name: "raw unnest insert",
    description: `insert ... select from unnest, ${events} rows a transaction, in process; ${durability}`,
    start: async () => {
      database = await createDatabase(serverUrl);
      await migrate(database.url);
      pool = new pg.Pool({ connectionString: database.url, max: inFlight });
      pool.on("error", () => undefined); // a call that fails says so itself
    },
    drive: (load, driveOptions) => runCallLoop(load, write, driveOptions),
    verify: async (acknowledged) => {
      const sql = "SELECT count(*) AS n FROM annals.events";
      const rows = (await pool?.query<{ n: string }>(sql))?.rows[0]?.n;
      if (rows === String(acknowledged * events)) return;
      throw new Error(`there are ${String(rows)} rows, not ${acknowledged * events}`);
    },
    stop: async () => {
      await pool?.end();
      await database?.drop();
      pool = database = undefined;
    },
  };
}
