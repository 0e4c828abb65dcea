import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";

/**
 * Opens a connection. A commit is on disk when it returns (synchronous=FULL, write-ahead log), and
 * readers never wait for the writer: https://www.sqlite.org/wal.html
 */
export function openDatabase(file: string): DatabaseSyncInstance {
  const database = new DatabaseSync(file);
  try {
    database.exec(`
      PRAGMA busy_timeout = 5000; -- first: the next one may have to wait for another connection
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA cache_size = -65536;
      PRAGMA wal_autocheckpoint = 8192;
      PRAGMA journal_size_limit = 67108864;
    `);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}
