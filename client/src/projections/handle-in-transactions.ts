import type { DomainEvent } from "../events/domain-event.js";
import { inContextOf, inContextOfAll } from "./in-context-of.js";
import type { PageWork } from "./page-work.js";
import { HandlerFailure, runHandler } from "./run-handler.js";
import { withRetries } from "./with-retries.js";
import { writeProgress } from "./write-progress.js";

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
  const { projection, handlerTimeoutMs = 30_000 } = page.options;
  if (page.isHeld()) return 0;
  let done = 0;
  try {
    await writeProgress(page, async (transaction) => {
      const context = { transaction, signal: page.force, attempt: 1 };
      done = 0;
      if (projection.handleBatch) {
        const handleBatch = projection.handleBatch.bind(projection, events);
        const handler = (given: typeof context) => inContextOfAll(events, () => handleBatch(given));
        await runHandler(handler, context, handlerTimeoutMs);
        done = events.length;
      } else {
        for (const event of events) {
          if (done > 0 && page.isHeld()) break;
          const handler = (given: typeof context) =>
            inContextOf(event, () => projection.handle(event, given));
          await runHandler(handler, context, handlerTimeoutMs);
          done++;
        }
      }
      const last = events[done - 1];
      return { place: last ? page.placeAfter(last) : page.written() };
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
  const { projection, handlerTimeoutMs = 30_000 } = page.options;
  const place = page.placeAfter(event);
  const tryOnce = (attempt: number): Promise<void> =>
    writeProgress(page, async (transaction) => {
      const context = { transaction, signal: page.force, attempt };
      const handler = (given: typeof context) =>
        inContextOf(event, () => projection.handle(event, given));
      await runHandler(handler, context, handlerTimeoutMs);
      return { place };
    });
  await withRetries(page, event, tryOnce, (deadLetter) =>
    writeProgress(page, () => Promise.resolve({ place, deadLetter })),
  );
}
