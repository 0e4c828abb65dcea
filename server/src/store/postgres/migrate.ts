import type pg from "pg";
import { Client } from "./client.js";
import { migrations } from "./schema.js";

/** Names the lock that migrations take: "annals", as a number. */
const migrationLock = 0x616e6e616c73n;

/** How long to wait for a database to answer. */
const answerMs = 10_000;

/**
 * Brings a database to the newest schema, each version in a transaction of its own. Safe to run
 * from several servers at once: one works, the others wait and find nothing to do.
 *
 * @param url the database, as a role that owns the schema or may create it
 * @param toVersion for tests: stop at this version
 * @returns the schema's version
 * @throws Error when a newer Annals has been here, or the database's encoding is not UTF8
 */
export async function migrate(url: string, toVersion: number = migrations.length): Promise<number> {
  return withClient(url, async (client) => {
    await assertUtf8(client);
    await client.query("SELECT pg_advisory_lock($1)", [migrationLock]);
    const current = await schemaVersion(client);
    assertNotNewer(current);
    for (let version = current + 1; version <= toVersion; version++) {
      await client.query(`BEGIN; ${foundations}`);
      const migration = migrations[version - 1] ?? "";
      await (typeof migration === "string" ? client.query(migration) : migration(client));
      await client.query(`INSERT INTO annals.schema_version (version) VALUES (${version}); COMMIT`);
    }
    return Math.max(current, toVersion);
  });
}

/**
 * Checks that a database has the schema that this server needs.
 *
 * @throws Error when it is older, naming what to run, or newer, and when the database does not answer in time
 */
export async function assertMigrated(url: string): Promise<void> {
  const current = await withClient(url, (client) => inTime(schemaVersion(client)));
  assertNotNewer(current);
  if (current < migrations.length) {
    throw new Error(
      `the database has schema version ${current}, this server needs ${migrations.length}: run "annals migrate"`,
    );
  }
}

const foundations = `
  CREATE SCHEMA IF NOT EXISTS annals;
  CREATE TABLE IF NOT EXISTS annals.schema_version (
    version integer PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
  );`;

/** 0 for a database without the schema. */
async function schemaVersion(client: pg.Client): Promise<number> {
  const { rows: exists } = await client.query<[string | null]>({
    text: "SELECT to_regclass('annals.schema_version')",
    rowMode: "array",
  });
  if (exists[0]?.[0] == null) return 0;
  const { rows } = await client.query<[number | null]>({
    text: "SELECT max(version) FROM annals.schema_version",
    rowMode: "array",
  });
  return rows[0]?.[0] ?? 0;
}

async function assertUtf8(client: pg.Client): Promise<void> {
  const { rows } = await client.query<[string]>({ text: "SHOW server_encoding", rowMode: "array" });
  const encoding = rows[0]?.[0] ?? "";
  if (encoding === "UTF8") return;
  throw new Error(`the database has the encoding ${encoding}: create it with ENCODING 'UTF8'`);
}

function assertNotNewer(current: number): void {
  if (current <= migrations.length) return;
  throw new Error(
    `the database has schema version ${current}; this server knows ${migrations.length} and older: use a newer server`,
  );
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new Error(`the database does not say in ${answerMs} ms which schema it has: is it locked?`),
      );
    }, answerMs);
  });
  answer.catch(() => undefined); // the connection is cut
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: answerMs,
    application_name: "annals migrate",
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end();
  }
}
