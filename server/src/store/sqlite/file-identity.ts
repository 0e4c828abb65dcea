import { statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { unavailable } from "./worker-client.js";

/**
 * Remembers which file a path leads to. SQLite goes on with the file that it opened after that was removed, renamed or
 * replaced: what it writes then is lost to the next start.
 *
 * @returns checks that it is that file still
 * @throws of the check: AnnalsError unavailable
 */
export function rememberFile(path: string): () => Promise<void> {
  const opened = statSync(path, { bigint: true });
  return async () => {
    let now: typeof opened | undefined;
    let cause: Error | undefined;
    try {
      now = await stat(path, { bigint: true });
    } catch (error) {
      cause = error as Error;
    }
    if (now?.dev === opened.dev && now.ino === opened.ino) return;
    throw unavailable("the database file is gone, or another one", false, cause);
  };
}
