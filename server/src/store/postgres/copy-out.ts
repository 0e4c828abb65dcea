import pg from "pg";

/**
 * Runs COPY ... TO STDOUT (FORMAT binary): the one way in which the driver hands over bytes as they
 * are. Everything else comes as text.
 *
 * @returns what was sent, for parseCopiedRow
 */
export function copyOut(client: pg.ClientBase, text: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const query = new CopyOut({ text }, (error) => {
      if (error) reject(error);
      else resolve(query.joined());
    });
    client.query(query);
  });
}

class CopyOut extends pg.Query {
  readonly #chunks: Buffer[] = [];

  /** The driver calls it with each message of data, in a buffer that it uses again. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    this.#chunks.push(Buffer.from(chunk));
  }

  /** Rows come whole, so that a copy of one row is that, and an end which says nothing. */
  joined(): Buffer {
    const [first, ...rest] = this.#chunks;
    const isOne = rest.length === 1 && rest[0]?.length === trailerBytes;
    return isOne && first ? first : Buffer.concat(this.#chunks);
  }
}

/** A parameter of a COPY, which has none of its own: its session holds them (QueryPool.copy). From 0 on. */
export function copyParameter(index: number, type: "bigint" | "uuid"): string {
  return `(SELECT current_setting('annals.copy_${index}')::${type})`;
}

/** Sets whose rows the session sees, and the parameters of the next COPY. Values: the scope, and as many as there are. */
export function setCopyParameters(count: number): string {
  const settings = Array.from(
    { length: count },
    (_, i) => `set_config('annals.copy_${i}', $${i + 2}, false)`,
  );
  return `SELECT set_config('annals.tenant_id', $1, false), ${settings.join(", ")}`;
}

/** "No more rows". */
const trailerBytes = 2;

/** Signature, flags and the length of an extension that there is not. */
const headerBytes = 19;

/**
 * The columns of the only row of a copy, null where they are:
 * https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
 */
export function parseCopiedRow(copied: Buffer): (Buffer | null)[] {
  const columns = copied.readInt16BE(headerBytes);
  let at = headerBytes + 2;
  return Array.from({ length: columns }, () => {
    const length = copied.readInt32BE(at);
    at += 4;
    return length === -1 ? null : copied.subarray(at, (at += length));
  });
}
