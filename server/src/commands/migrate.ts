import type { Config } from "../config/config.js";
import { migrate } from "../store/postgres/migrate.js";

/** Migrates the schema of a PostgreSQL store; exit code 1 when that fails. Others migrate by themselves. */
export async function migrateStore({ store }: Config): Promise<void> {
  if (store.kind !== "postgres") {
    process.stdout.write(`a ${store.kind} store needs no migration\n`);
    return;
  }
  try {
    process.stdout.write(`schema version ${await migrate(store.url)}\n`);
  } catch (error) {
    process.stderr.write(`annals: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
