import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import pg from "pg";
import { migrate } from "#server/store/postgres/migrate.js";
import { measureDisk } from "../report/disk.js";
import { startPostgres } from "./postgres-process.js";
import type { StorePlace } from "./store-place.js";

/**
 * A migrated database of its own: on a server started in the folder, or on the one that
 * DATABASE_URL names, whose role must be allowed to create databases.
 *
 * @param folder makes an empty folder, asked for when a server is to be started
 */
export async function openPostgresPlace(folder: () => Promise<string>): Promise<StorePlace> {
  const external = process.env["DATABASE_URL"];
  if (external !== undefined && external !== "") return openDatabase(external);
  const home = await folder();
  const remove = (): Promise<void> => rm(home, { recursive: true, force: true, maxRetries: 5 });
  try {
    const disk = await measureDisk(home);
    const server = await startPostgres(home);
    const close = async (): Promise<void> => {
      await server.stop();
      await remove();
    };
    try {
      return { ...(await openDatabase(server.url)), disk, close };
    } catch (error) {
      await server.stop();
      throw error;
    }
  } catch (error) {
    await remove();
    throw error;
  }
}

async function openDatabase(serverUrl: string): Promise<StorePlace> {
  const { url, drop } = await createDatabase(serverUrl);
  try {
    await migrate(url);
    return { store: url, durability: await readDurability(url), disk: undefined, close: drop };
  } catch (error) {
    await drop();
    throw error;
  }
}

/** Makes an empty database on the server of a URL. */
export async function createDatabase(
  serverUrl: string,
): Promise<{ readonly url: string; drop: () => Promise<void> }> {
  const name = `annals_bench_${randomUUID().replaceAll("-", "")}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await query(serverUrl, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
  const drop = async (): Promise<void> => {
    const admin = new URL(serverUrl);
    admin.pathname = "/postgres";
    await query(admin.href, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  };
  return { url: url.href, drop };
}

/** As the server says, not as it was told. */
async function readDurability(url: string): Promise<string> {
  const [row] = await query(
    url,
    `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
       current_setting('synchronous_commit') AS commit`,
  );
  const { version, fsync, commit } = row as Record<"version" | "fsync" | "commit", string>;
  return `PostgreSQL ${version}, fsync=${fsync}, synchronous_commit=${commit}`;
}

async function query(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
