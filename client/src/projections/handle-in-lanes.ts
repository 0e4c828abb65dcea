import type { DomainEvent } from "../events/domain-event.js";
import { inContextOf, inContextOfAll } from "./in-context-of.js";
import type { PageWork } from "./page-work.js";
import { HandlerFailure, runHandler } from "./run-handler.js";
import { withRetries } from "./with-retries.js";
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
    const handleBatch = projection.handleBatch.bind(projection, events);
    const handler = (given: typeof context) => inContextOfAll(events, () => handleBatch(given));
    try {
      await runHandler(handler, context, handlerTimeoutMs);
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
  const { projection, handlerTimeoutMs = 30_000 } = page.options;
  const tryOnce = (attempt: number): Promise<void> => {
    const context = { transaction: undefined, signal: page.force, attempt };
    const handler = (given: typeof context) =>
      inContextOf(event, () => projection.handle(event, given));
    return runHandler(handler, context, handlerTimeoutMs);
  };
  await withRetries(page, event, tryOnce, (deadLetter) =>
    writeProgress(page, () => Promise.resolve({ place: page.written(), deadLetter })),
  );
}
