import type { Instant } from "../../domain/instant.js";
import type {
  PutOutcome,
  RecordKey,
  RecordOwner,
  RecordQuery,
  RecordStore,
  StoredRecord,
} from "../record-store.js";
import type { ReadOptions } from "../store.js";
import { allTenants, type QueryPool, type ReadScope } from "./query-pool.js";
import { toBytes, toInstant, toTimestamp } from "./row.js";

/** Records in the database: each statement is a transaction of its own. */
export function postgresRecords(pool: QueryPool): RecordStore {
  return {
    get: (key, options) => getRecord(pool, key, options),
    put: (key, value, expected, now) => putRecord(pool, key, value, expected, now),
    delete: (key) => deleteRecord(pool, key),
    list: (query, options) => listRecords(pool, query, options),
  };
}

async function getRecord(
  pool: QueryPool,
  key: RecordKey,
  options?: ReadOptions,
): Promise<StoredRecord | undefined> {
  const [row] = await pool.query<RecordRow>(
    scopeOf(key.owner),
    `${select} WHERE tenant_id = $1 AND collection = $2 AND name = $3`,
    valuesOf(key),
    options,
  );
  return row && toRecord(row);
}

async function putRecord(
  pool: QueryPool,
  key: RecordKey,
  value: Uint8Array,
  expected: bigint | undefined,
  now: Instant,
): Promise<PutOutcome> {
  const bytes = `\\x${Buffer.from(value).toString("hex")}`;
  const values = [...valuesOf(key), toTimestamp(now), bytes];
  const [text, more] =
    expected === undefined ? [upsert, []] : expected === 0n ? [insert, []] : [update, [expected]];
  const [written] = await pool.query<[string]>(scopeOf(key.owner), text, [...values, ...more], {
    writes: true,
  });
  if (written) return { ok: true, revision: BigInt(written[0]) };
  return { ok: false, actual: (await getRecord(pool, key))?.revision ?? 0n };
}

async function deleteRecord(pool: QueryPool, key: RecordKey): Promise<void> {
  await pool.query(
    scopeOf(key.owner),
    "DELETE FROM annals.records WHERE tenant_id = $1 AND collection = $2 AND name = $3",
    valuesOf(key),
    { writes: true },
  );
}

async function listRecords(
  pool: QueryPool,
  { owner, collection, after, maxRecords }: RecordQuery,
  options?: ReadOptions,
): Promise<StoredRecord[]> {
  const rows = await pool.query<RecordRow>(
    scopeOf(owner),
    `${select} WHERE tenant_id = $1 AND collection = $2 AND name > $3
     ORDER BY tenant_id, collection, name LIMIT $4`,
    [...placeOf(owner, collection), after, maxRecords],
    options,
  );
  return rows.map(toRecord);
}

type RecordRow = [name: string, value: string, revision: string, updatedAt: string];

function toRecord([name, value, revision, updatedAt]: RecordRow): StoredRecord {
  return {
    name,
    value: toBytes(value),
    revision: BigInt(revision),
    updatedAt: toInstant(updatedAt),
  };
}

function valuesOf({ owner, collection, name }: RecordKey): string[] {
  return [...placeOf(owner, collection), name];
}

function scopeOf(owner: RecordOwner): ReadScope {
  return owner === "operator" ? allTenants : owner;
}

/** The operator's are told from a tenant's by the collection: any UUID may be a tenant. */
function placeOf(owner: RecordOwner, collection: string): string[] {
  if (owner !== "operator") return [owner, collection];
  return ["00000000-0000-0000-0000-000000000000", `operator:${collection}`];
}

const select = "SELECT name, encode(value, 'base64'), revision, updated_at FROM annals.records";

const insert = `
  INSERT INTO annals.records (tenant_id, collection, name, revision, updated_at, value)
  VALUES ($1, $2, $3, 1, $4, $5)
  ON CONFLICT DO NOTHING
  RETURNING revision`;

const upsert = `
  INSERT INTO annals.records AS records (tenant_id, collection, name, revision, updated_at, value)
  VALUES ($1, $2, $3, 1, $4, $5)
  ON CONFLICT (tenant_id, collection, name) DO UPDATE
    SET revision = records.revision + 1, updated_at = excluded.updated_at, value = excluded.value
  RETURNING revision`;

const update = `
  UPDATE annals.records SET revision = revision + 1, updated_at = $4, value = $5
  WHERE tenant_id = $1 AND collection = $2 AND name = $3 AND revision = $6
  RETURNING revision`;
