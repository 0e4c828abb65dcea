import type { PageWork } from "./page-work.js";
import { beginning, rebuildBegun } from "./place.js";
import { delayAfter } from "./retry-policy.js";
import { HandlerFailure } from "./run-handler.js";
import { isTransientFailure } from "./transient.js";
import { writeProgress, writeWork } from "./write-progress.js";

/**
 * Empties the read model and goes back to the beginning. Without transactions it writes first that
 * this has begun: who is superseded empties nothing, and after a crash the next run does it again.
 *
 * @throws HandlerFailure of a `truncate` that fails, and not in passing; what `writeProgress` throws
 */
export async function emptyReadModel<Transaction>(page: PageWork<Transaction>): Promise<void> {
  const { projection, store, retry = {} } = page.options;
  const { isTransient = isTransientFailure } = retry;
  if (!store.transactional) await writeProgress(page, { place: rebuildBegun });
  for (let attempt = 1; ; attempt++) {
    try {
      await writeWork(page, async (transaction) => {
        await page.runHandler((context) => projection.truncate(context), { transaction, attempt });
        return beginning;
      });
      return;
    } catch (failure) {
      if (!(failure instanceof HandlerFailure) || page.force.aborted) throw failure;
      const error = failure.cause;
      if (!isTransient(error)) throw failure;
      const delayMs = delayAfter(attempt, retry);
      page.report({ kind: "store_failed", error, delayMs });
      await page.wait(delayMs);
    }
  }
}
