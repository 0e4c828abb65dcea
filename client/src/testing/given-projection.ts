import assert from "node:assert/strict";
import type { DomainEvent, NewEvent } from "../events/domain-event.js";
import { inContextOf } from "../projections/in-context-of.js";
import type { HandlerContext } from "../projections/handler-context.js";
import type { RunnableProjection } from "../projections/runnable-projection.js";
import { recorded } from "./recorded.js";

/** A projection that has handled events. */
export interface GivenProjection<Projection> {
  /** What the read model holds. @throws AssertionError with the difference */
  thenState<State>(
    read: (projection: Projection) => State,
    expected: State,
  ): GivenProjection<Projection>;
  /**
   * That the read model, emptied and built anew, is the same as it was.
   *
   * @throws AssertionError with the difference
   */
  thenRebuilds(read: (projection: Projection) => unknown): Promise<void>;
}

/**
 * A projection that has handled these events, in order, each in its tenant's context and as the
 * cause of what its handler makes. Events without a place stand one after the other in the stream
 * "1"; `recorded` gives them another. What a handler throws is thrown.
 *
 * @example
 * const given = await givenProjection(new OrderCount(), [OrderPlaced.create({ ... })]);
 * given.thenState(({ count }) => count, 1);
 */
export async function givenProjection<Projection extends RunnableProjection>(
  projection: Projection,
  events: readonly (NewEvent | DomainEvent)[],
): Promise<GivenProjection<Projection>> {
  const log = events.map((event, index) =>
    "position" in event ? event : recorded(event, { aggregateVersion: BigInt(index + 1) }),
  );
  const { signal } = new AbortController();
  const context: HandlerContext<undefined> = { transaction: undefined, signal, attempt: 1 };
  const handleAll = async (): Promise<void> => {
    for (const event of log) await inContextOf(event, () => projection.handle(event, context));
  };
  await handleAll();
  const given: GivenProjection<Projection> = {
    thenState(read, expected) {
      assert.deepEqual(read(projection), expected);
      return given;
    },
    async thenRebuilds(read) {
      const copy = (): unknown => structuredClone(read(projection));
      const before = copy();
      await projection.truncate(context);
      await handleAll();
      assert.deepEqual(copy(), before); // of classes a copy keeps what they hold, and not what they are
    },
  };
  return given;
}
