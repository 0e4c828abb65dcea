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
 * Writes progress, until the store takes it. Work whose write is in doubt runs again only where the
 * store does not have its place.
 *
 * @throws HandlerFailure of the work, AnnalsError projection_superseded
 */
export async function writeProgress<Transaction>(
  page: PageWork<Transaction>,
  work: (transaction: Transaction) => Promise<WorkDone>,
): Promise<void> {
  const { store } = page.options;
  let done: WorkDone | undefined;
  await untilTaken(page, async () => {
    const place = done && formatPlace(done.place);
    const inDoubt = place !== undefined && place !== formatPlace(page.written());
    if (inDoubt && (await store.placeOf(page.claim)) === place) return;
    done = undefined;
    await store.write(page.claim, async (transaction) => {
      done = await work(transaction);
      const { place, deadLetter } = done;
      return { place: formatPlace(place), ...(deadLetter && { deadLetter }) };
    });
  });
  if (done) page.onDone(done.place);
}

/** Tries again for as long as it is the store that fails. */
async function untilTaken<Transaction>(
  page: PageWork<Transaction>,
  write: () => Promise<void>,
): Promise<void> {
  const { retry = {} } = page.options;
  for (let failures = 1; ; failures++) {
    try {
      await write();
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
