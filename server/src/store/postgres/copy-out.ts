import pg from "pg";
import type { SqlType } from "./parameters.js";

/** A row of a copy: its columns as PostgreSQL sends them in binary, null where they are. */
export type CopiedRow = readonly (Buffer | null)[];

/**
 * Runs COPY ... TO STDOUT (FORMAT binary): the one way in which the driver hands over bytes as they
 * are. Everything else comes as text.
 */
export function copyOut(client: pg.ClientBase, text: string): Promise<readonly CopiedRow[]> {
  return new Promise((resolve, reject) => {
    const query = new CopyOut({ text }, (error) => {
      if (error) reject(error);
      else resolve(query.copied);
    });
    client.query(query);
  });
}

class CopyOut extends pg.Query {
  readonly copied: CopiedRow[] = [];
  #begun = false;

  /** The driver calls it with each message of data, which is a row, in a buffer that it uses again. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    const row = parseRow(Buffer.from(chunk), this.#begun ? 0 : headerBytes);
    this.#begun = true;
    if (row) this.copied.push(row);
  }
}

/** Before the first row: a signature, flags, and the length of an extension that there is not. */
const headerBytes = 19;

/**
 * A row that begins there; undefined where the end is told.
 * https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
 */
function parseRow(message: Buffer, start: number): CopiedRow | undefined {
  const columns = message.readInt16BE(start);
  if (columns < 0) return undefined;
  let at = start + 2;
  return Array.from({ length: columns }, () => {
    const length = message.readInt32BE(at);
    at += 4;
    return length === -1 ? null : message.subarray(at, (at += length));
  });
}

/**
 * What stands in SQL for a value of a COPY, from 0 on. It has no parameters of its own: its session holds them
 * (QueryPool.copy). Looked up once; the cast outside keeps ANY from taking it for rows.
 */
export function copyParameter(index: number, type: SqlType): string {
  return `(SELECT ${copySetting(index, type)})::${type}`;
}

/** The same, asked for again each time it is used: of one that the COPY itself sets. */
export function copySetting(index: number, type: SqlType): string {
  return `current_setting('annals.copy_${index}')::${type}`;
}

/** Sets one of them while it runs. */
export function setCopySetting(index: number, value: string): string {
  return `set_config('annals.copy_${index}', (${value})::text, false)`;
}

/** Sets whose rows the session sees, and the parameters of the next COPY. Values: the scope, and as many as there are. */
export function setCopyParameters(count: number): string {
  const settings = Array.from({ length: count }, (_, i) => setCopySetting(i, `$${i + 2}`));
  return `SELECT set_config('annals.tenant_id', $1, false), ${settings.join(", ")}`;
}
