import type { Instant } from "../../domain/instant.js";
import type { PutOutcome, RecordKey, RecordQuery, StoredRecord } from "../record-store.js";
import type { Statements } from "./statements.js";

export function getRecord(
  statements: Statements,
  { owner, collection, name }: RecordKey,
): StoredRecord | undefined {
  const row = statements
    .prepare(`${select} WHERE owner = ? AND collection = ? AND name = ?`)
    .get(owner, collection, name) as RecordRow | undefined;
  return row && toRecord(row);
}

/** To be done in a transaction. */
export function putRecord(
  statements: Statements,
  key: RecordKey,
  value: Uint8Array,
  expected: bigint | undefined,
  now: Instant,
): PutOutcome {
  const { owner, collection, name } = key;
  const row = statements
    .prepare(putSql)
    .get({ owner, collection, name, value, now, expected: expected ?? null }) as
    [revision: bigint] | undefined;
  if (row) return { ok: true, revision: row[0] };
  return { ok: false, actual: getRecord(statements, key)?.revision ?? 0n };
}

/** To be done in a transaction. */
export function deleteRecord(statements: Statements, { owner, collection, name }: RecordKey): void {
  statements
    .prepare("DELETE FROM records WHERE owner = ? AND collection = ? AND name = ?")
    .run(owner, collection, name);
}

export function listRecords(statements: Statements, query: RecordQuery): StoredRecord[] {
  const rows = statements
    .prepare(
      `${select}
       WHERE owner = ? AND collection = ? AND name > ? ORDER BY name LIMIT ?`,
    )
    .all(query.owner, query.collection, query.after, query.maxRecords) as unknown as RecordRow[];
  return rows.map(toRecord);
}

type RecordRow = [name: string, value: Uint8Array, revision: bigint, updatedAt: bigint];

function toRecord([name, value, revision, updatedAt]: RecordRow): StoredRecord {
  return { name, value, revision, updatedAt };
}

const select = "SELECT name, value, revision, updated_at FROM records";

const putSql = `
  INSERT INTO records (owner, collection, name, revision, updated_at, value)
  SELECT :owner, :collection, :name, 1, :now, :value
  WHERE :expected IS NULL OR :expected = 0 OR EXISTS (
    SELECT 1 FROM records WHERE owner = :owner AND collection = :collection AND name = :name)
  ON CONFLICT (owner, collection, name) DO UPDATE
    SET revision = revision + 1, updated_at = excluded.updated_at, value = excluded.value
    WHERE :expected IS NULL OR revision = :expected
  RETURNING revision`;
