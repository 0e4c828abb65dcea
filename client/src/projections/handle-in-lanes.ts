import type { DomainEvent } from "../events/domain-event.js";
import { inContextOf, inContextOfAll } from "./in-context-of.js";
import type { PageWork } from "./page-work.js";
import { HandlerFailure } from "./run-handler.js";
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
  const { projection, parallel } = page.options;
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
    const handleBatch = projection.handleBatch.bind(projection, events);
    try {
      await page.runHandler((context) => inContextOfAll(events, () => handleBatch(context)), {
        transaction: undefined,
        attempt: 1,
      });
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
  if (last) await writeProgress(page, { place: page.placeAfter(last) });
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
  const { projection } = page.options;
  const tryOnce = (attempt: number): Promise<void> =>
    page.runHandler((context) => inContextOf(event, () => projection.handle(event, context)), {
      transaction: undefined,
      attempt,
    });
  await withRetries(page, event, tryOnce, (deadLetter) =>
    writeProgress(page, { place: page.written(), deadLetter }),
  );
}
