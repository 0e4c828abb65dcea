import type { DomainEvent } from "../events/domain-event.js";
import { toDeadLetter } from "./dead-letter.js";
import { inContextOf } from "./in-context-of.js";
import type { PageWork } from "./page-work.js";
import { delayAfter } from "./retry-policy.js";
import { HandlerFailure, runHandler } from "./run-handler.js";
import { writeProgress } from "./write-progress.js";

/**
 * Handles events without a transaction: in lanes side by side, each in order. Then writes the place
 * behind the last one before which all are done.
 *
 * @returns how many are done, from the first on
 */
export async function handleInLanes(
  page: PageWork<undefined>,
  events: readonly DomainEvent[],
): Promise<number> {
  if (page.isHeld()) return 0;
  const { projection, parallel, handlerTimeoutMs = 30_000 } = page.options;
  const { finished } = page;
  let failure: { readonly error: unknown } | undefined;
  const runLane = async (lane: readonly DomainEvent[]): Promise<void> => {
    for (const event of lane) {
      if (finished.has(event)) continue;
      if (failure ?? page.isHeld()) return;
      await handleWithRetries(page, event);
      finished.add(event);
    }
  };
  const lanes = [...lanesOf(events, parallel?.by).values()];
  const worker = async (): Promise<void> => {
    for (let lane = lanes.shift(); lane && !failure; lane = lanes.shift()) {
      await runLane(lane).catch((error: unknown) => (failure ??= { error }));
    }
  };
  if (projection.handleBatch && !parallel) {
    const context = { transaction: undefined, signal: page.force, attempt: 1 };
    const handler = projection.handleBatch.bind(projection, events);
    try {
      await runHandler((given) => handler(given), context, handlerTimeoutMs);
      for (const event of events) finished.add(event);
      lanes.length = 0;
    } catch (error) {
      if (!(error instanceof HandlerFailure) || page.force.aborted) throw error;
    }
  }
  await Promise.all(Array.from({ length: parallel?.concurrency ?? 1 }, worker));
  const firstOpen = events.findIndex((event) => !finished.has(event));
  const done = firstOpen < 0 ? events.length : firstOpen;
  const last = events[done - 1];
  if (last) {
    const place = page.placeAfter(last);
    await writeProgress(page, () => Promise.resolve({ place }));
  }
  if (failure) throw failure.error;
  return done;
}

function lanesOf(
  events: readonly DomainEvent[],
  by: "tenant" | "aggregate" | undefined,
): Map<string, DomainEvent[]> {
  const lanes = new Map<string, DomainEvent[]>();
  for (const event of events) {
    const { tenantId, aggregateType, aggregateId } = event;
    const keys = { tenant: [tenantId], aggregate: [tenantId, aggregateType, aggregateId] };
    const key = by === undefined ? "" : JSON.stringify(keys[by]);
    const lane = lanes.get(key);
    if (lane) lane.push(event);
    else lanes.set(key, [event]);
  }
  return lanes;
}

async function handleWithRetries(page: PageWork<undefined>, event: DomainEvent): Promise<void> {
  const { projection, retry = {}, handlerTimeoutMs = 30_000 } = page.options;
  const { maxAttempts = 5 } = retry;
  for (let attempt = 1; ; attempt++) {
    try {
      const context = { transaction: undefined, signal: page.force, attempt };
      const handler = (given: typeof context) =>
        inContextOf(event, () => projection.handle(event, given));
      await runHandler(handler, context, handlerTimeoutMs);
      return;
    } catch (error) {
      if (!(error instanceof HandlerFailure) || page.force.aborted) throw error;
      if (attempt >= maxAttempts) {
        await giveUp(page, event, attempt, error.cause);
        return;
      }
      const delayMs = delayAfter(attempt, retry);
      page.report({ kind: "retry", event, error: error.cause, attempt, delayMs });
      await page.wait(delayMs);
    }
  }
}

async function giveUp(
  page: PageWork<undefined>,
  event: DomainEvent,
  attempts: number,
  error: unknown,
): Promise<void> {
  const deadLetter = toDeadLetter(event, attempts, error);
  await writeProgress(page, () => Promise.resolve({ place: page.written(), deadLetter }));
  page.report({ kind: "dead_letter", event, error });
}
