import type { Store } from "#server/store/store.js";
import { openSqliteStore } from "#server/store/sqlite/open.js";
import { onTestFinished } from "vitest";

/** Opens a SQLite store that is closed after the test; fails the test's process when a thread dies. */
export async function openTestSqliteStore(file: string): Promise<Store> {
  const store = await openSqliteStore({
    file,
    logger: {
      error(fields, message) {
        throw new Error(`${message}: ${JSON.stringify(fields)}`);
      },
    },
  });
  onTestFinished(() => store.close());
  return store;
}
