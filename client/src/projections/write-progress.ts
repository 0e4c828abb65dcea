import { isAnnalsError } from "../connection/errors.js";
import type { PageWork } from "./page-work.js";
import { formatPlace, type Place } from "./place.js";
import type { DeadLetter } from "./projection-store.js";
import { delayAfter } from "./retry-policy.js";
import { HandlerFailure } from "./run-handler.js";

/** What work did in its transaction. */
export interface WorkDone {
  readonly place: Place;
  readonly deadLetter?: DeadLetter;
}

/**
 * Writes progress, until the store takes it.
 *
 * @throws HandlerFailure of the work, AnnalsError projection_superseded
 */
export async function writeProgress<Transaction>(
  page: PageWork<Transaction>,
  work: (transaction: Transaction) => Promise<WorkDone>,
): Promise<void> {
  const { store, retry = {} } = page.options;
  for (let failures = 1; ; failures++) {
    let done: WorkDone | undefined;
    try {
      await store.write(page.claim, async (transaction) => {
        done = await work(transaction);
        const { place, deadLetter } = done;
        return { place: formatPlace(place), ...(deadLetter && { deadLetter }) };
      });
      if (done) page.onDone(done.place);
      return;
    } catch (error) {
      if (error instanceof HandlerFailure || isAnnalsError(error, "projection_superseded")) {
        throw error;
      }
      const delayMs = delayAfter(failures, retry);
      page.report({ kind: "store_failed", error, delayMs });
      await page.wait(delayMs);
    }
  }
}
