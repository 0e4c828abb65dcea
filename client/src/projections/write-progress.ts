import type { PageWork } from "./page-work.js";
import { formatPlace, type Place } from "./place.js";
import type { DeadLetter } from "./projection-store.js";
import { delayAfter } from "./retry-policy.js";
import { HandlerFailure } from "./run-handler.js";
import { isTransientFailure, storeMayPass } from "./transient.js";

/** How far a projection came, and what it gave up on. */
export interface ProgressMade {
  readonly place: Place;
  readonly deadLetter?: DeadLetter;
}

/**
 * Writes progress, until the store takes it.
 *
 * @throws AnnalsError projection_superseded, and what the store refuses with
 */
export async function writeProgress<Transaction>(
  page: PageWork<Transaction>,
  { place, deadLetter }: ProgressMade,
): Promise<void> {
  const progress = { place: formatPlace(place), ...(deadLetter && { deadLetter }) };
  await untilTaken(page, () =>
    page.options.store.write(page.claim, () => Promise.resolve(progress)),
  );
  page.onDone(place);
}

/**
 * Does work and writes the place that it comes to, until the store takes both. Work whose write is in
 * doubt is done again only where the store does not have its place. What a transactional store cannot
 * commit though it can be reached is the work's failure.
 *
 * @throws HandlerFailure of the work, and what `writeProgress` throws
 */
export async function writeWork<Transaction>(
  page: PageWork<Transaction>,
  work: (transaction: Transaction) => Promise<Place>,
): Promise<void> {
  const { store } = page.options;
  let done: Place | undefined;
  const write = async (): Promise<void> => {
    done = undefined;
    await store.write(page.claim, async (transaction) => {
      done = await work(transaction);
      return { place: formatPlace(done) };
    });
  };
  await untilTaken(page, async () => {
    if (done && (await isWritten(page, done))) return;
    try {
      await write();
    } catch (error) {
      const isOfTheWork = store.transactional && storeMayPass(error) && !isTransientFailure(error);
      if (done && isOfTheWork && !(await isWritten(page, done))) throw new HandlerFailure(error);
      throw error;
    }
  });
  if (done) page.onDone(done);
}

/** Whether the store has a place that is not the one before. */
async function isWritten<Transaction>(page: PageWork<Transaction>, place: Place): Promise<boolean> {
  const text = formatPlace(place);
  if (text === formatPlace(page.written())) return false;
  return (await page.options.store.placeOf(page.claim)) === text;
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
      if (error instanceof HandlerFailure || !storeMayPass(error)) throw error;
      const delayMs = delayAfter(failures, retry);
      page.report({ kind: "store_failed", error, delayMs });
      await page.wait(delayMs);
    }
  }
}
