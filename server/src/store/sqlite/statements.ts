import type { DatabaseSyncInstance, StatementSyncInstance } from "@photostructure/sqlite";

/** Statements kept ready at most; the queries of filters come in a limited number of shapes. */
const maxKept = 256;

/** Prepares each SQL text once. Rows come as arrays, integers as bigints. */
export class Statements {
  readonly #kept = new Map<string, StatementSyncInstance>();

  constructor(private readonly database: DatabaseSyncInstance) {}

  prepare(sql: string): StatementSyncInstance {
    const known = this.#kept.get(sql);
    if (known) return known;
    const statement = this.database.prepare(sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= maxKept && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(sql, statement);
    return statement;
  }
}
