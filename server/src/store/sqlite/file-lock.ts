import { DatabaseSync } from "@photostructure/sqlite";

/**
 * Keeps a second server off a database file: an exclusive SQLite lock on a file beside it, held as
 * long as the store is open. The operating system lets go of it when the process ends, however it
 * ends.
 *
 * @returns lets go of the lock
 * @throws Error when another process, or another store of this one, has it
 */
export function lockFile(file: string): () => void {
  const lock = new DatabaseSync(`${file}.lock`);
  try {
    lock.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    const busy = cause instanceof Error && cause.message.includes("locked");
    const problem = busy ? "is in use by another server" : "cannot be locked";
    throw new Error(`${file} ${problem}`, { cause });
  }
  return () => {
    lock.close();
  };
}
