import type { DatabaseSyncInstance } from "@photostructure/sqlite";

/** The commit itself failed: what it was to write may be on disk all the same. */
export class CommitError extends Error {
  override readonly name = "CommitError";
}

/**
 * Runs some work in a transaction of its own. A statement by itself would not do where it returns a row: the driver
 * takes the row before SQLite commits, and does not say that a commit failed.
 *
 * @param onCommit told how long the commit took, in milliseconds
 * @throws CommitError; after any other error nothing was written
 */
export function inTransaction<Result>(
  database: DatabaseSyncInstance,
  work: () => Result,
  onCommit?: (ms: number) => void,
): Result {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    const begun = performance.now();
    commit(database);
    onCommit?.(performance.now() - begun);
    return result;
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

function commit(database: DatabaseSyncInstance): void {
  try {
    database.exec("COMMIT");
  } catch (cause) {
    throw new CommitError("the commit failed", { cause });
  }
}

function rollBack(database: DatabaseSyncInstance): void {
  try {
    database.exec("ROLLBACK");
  } catch {
    // SQLite has rolled back already, as it does when the disk is full.
  }
}
