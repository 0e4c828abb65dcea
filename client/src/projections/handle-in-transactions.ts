import type { DomainEvent } from "../events/domain-event.js";
import { inContextOf, inContextOfAll } from "./in-context-of.js";
import type { PageWork } from "./page-work.js";
import { HandlerFailure } from "./run-handler.js";
import { withRetries } from "./with-retries.js";
import { writeProgress, writeWork } from "./write-progress.js";

/**
 * Handles events in order, those of a page in one transaction with the place behind the last. When
 * one of them fails, each has a transaction and attempts of its own.
 *
 * @returns how many are done
 */
export async function handleInTransactions<Transaction>(
  page: PageWork<Transaction>,
  events: readonly DomainEvent[],
): Promise<number> {
  const { projection } = page.options;
  if (page.isHeld()) return 0;
  let done = 0;
  try {
    await writeWork(page, async (transaction) => {
      const given = { transaction, attempt: 1 };
      done = 0;
      if (projection.handleBatch) {
        const handleBatch = projection.handleBatch.bind(projection, events);
        await page.runHandler(
          (context) => inContextOfAll(events, () => handleBatch(context)),
          given,
        );
        done = events.length;
      } else {
        for (const event of events) {
          if (done > 0 && page.isHeld()) break;
          await page.runHandler(
            (context) => inContextOf(event, () => projection.handle(event, context)),
            given,
          );
          done++;
        }
      }
      const last = events[done - 1];
      return last ? page.placeAfter(last) : page.written();
    });
    return done;
  } catch (error) {
    if (!(error instanceof HandlerFailure) || page.force.aborted) throw error;
  }
  // Nothing of it was kept. Up to the one that failed each goes alone; behind it, together again.
  const suspects = events.slice(0, projection.handleBatch ? events.length : done + 1);
  for (const [index, event] of suspects.entries()) {
    if (page.isHeld()) return index;
    await handleAlone(page, event);
  }
  return suspects.length;
}

async function handleAlone<Transaction>(
  page: PageWork<Transaction>,
  event: DomainEvent,
): Promise<void> {
  const { projection } = page.options;
  const place = page.placeAfter(event);
  const tryOnce = (attempt: number): Promise<void> =>
    writeWork(page, async (transaction) => {
      await page.runHandler(
        (context) => inContextOf(event, () => projection.handle(event, context)),
        { transaction, attempt },
      );
      return place;
    });
  await withRetries(page, event, tryOnce, (deadLetter) =>
    writeProgress(page, { place, deadLetter }),
  );
}
