import { DatabaseSync } from "@photostructure/sqlite";
import { migrate } from "#server/store/sqlite/schema.js";

/**
 * Opens the file of a server's setting "store", brought to the newest schema, to write SQL into it.
 * No server may have it open. What is written is not synced until it is closed.
 */
export function openSqliteDatabase(store: string): {
  exec(sql: string): Promise<void>;
  close(): Promise<void>;
} {
  const database = new DatabaseSync(store.replace(/^sqlite:(\/\/)?/, ""));
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -200000",
  );
  migrate(database);
  return {
    exec: (sql) => {
      database.exec(sql);
      return Promise.resolve();
    },
    close: () => {
      database.close();
      return Promise.resolve();
    },
  };
}
