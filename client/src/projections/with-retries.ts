import type { DomainEvent } from "../events/domain-event.js";
import { toDeadLetter } from "./dead-letter.js";
import type { PageWork } from "./page-work.js";
import type { DeadLetter } from "./projection-store.js";
import { delayAfter } from "./retry-policy.js";
import { HandlerFailure } from "./run-handler.js";
import { isTransientFailure } from "./transient.js";

/**
 * Tries an event until it is handled, or given up on. Failures that are transient do not count.
 *
 * @throws what is not the handler's failure
 */
export async function withRetries<Transaction>(
  page: PageWork<Transaction>,
  event: DomainEvent,
  tryOnce: (attempt: number) => Promise<void>,
  giveUp: (deadLetter: DeadLetter) => Promise<void>,
): Promise<void> {
  const { retry = {} } = page.options;
  const { maxAttempts = 5, isTransient = isTransientFailure } = retry;
  let counted = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      await tryOnce(attempt);
      return;
    } catch (failure) {
      if (!(failure instanceof HandlerFailure) || page.force.aborted) throw failure;
      const error = failure.cause;
      if (!isTransient(error)) counted++;
      if (counted >= maxAttempts) {
        await giveUp(toDeadLetter(event, counted, error));
        page.report({ kind: "dead_letter", event, error });
        return;
      }
      const delayMs = delayAfter(attempt, retry);
      page.report({ kind: "retry", event, error, attempt, delayMs });
      await page.wait(delayMs);
    }
  }
}
