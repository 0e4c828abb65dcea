import { AnnalsError } from "../domain/error.js";
import type { RecordedEvent } from "../domain/event.js";
import type { StreamId, StreamInfo } from "../domain/stream.js";
import type { TenantId } from "../domain/tenant.js";
import { follow, type FollowStep } from "../reader/follow.js";
import type { ScannedEvents } from "../reader/log-tail.js";
import type { ServiceContext } from "./context.js";
import { followOptions, noted } from "./follow-log.js";
import { getStream } from "./get-stream.js";

/** The stream when the read began, undefined while it has no events; then what happens. */
export type StreamStep =
  { readonly kind: "stream"; readonly info: StreamInfo | undefined } | FollowStep;

export interface FollowStreamOptions {
  readonly signal: AbortSignal;
  /** Called when only another tenant has the stream, and that is hidden from the caller. */
  readonly onHiddenForeign: () => void;
}

/**
 * One of the tenant's streams from a version on, and then live. A stream that has no events yet is
 * waited for. Places are positions in the tenant's log.
 *
 * @throws AnnalsError foreign_stream, where those are denied
 */
export function followStream(
  context: ServiceContext,
  tenantId: TenantId,
  stream: StreamId,
  range: { readonly fromVersion: bigint; readonly limit: bigint | undefined },
  { signal, onHiddenForeign }: FollowStreamOptions,
): AsyncGenerator<StreamStep, void, undefined> {
  const { store, pages } = context;
  return context.followers.open(tenantId, async function* (follower) {
    const info = await getStream(context, tenantId, stream, { signal }).catch(
      absent(onHiddenForeign),
    );
    yield { kind: "stream" as const, info };
    let nextVersion = range.fromVersion;
    // A page may have been read on before the one before it is sent on.
    const moveBehind = (events: readonly RecordedEvent[]): void => {
      const version = events.at(-1)?.aggregateVersion ?? 0n;
      if (version >= nextVersion) nextVersion = version + 1n;
    };
    const readOn = async (
      place: bigint,
      maxEvents: number,
    ): Promise<ScannedEvents & { atEnd: boolean }> => {
      const head = await store.getHead(tenantId, { signal });
      const { events, atEnd } = await store.readStream(
        {
          ...{ tenantId, stream, direction: "forwards" },
          ...{ fromVersion: nextVersion, toVersion: 2n ** 63n - 1n },
          ...{ maxEvents, maxBytes: pages.maxBytes },
        },
        { signal },
      );
      moveBehind(events);
      return { events, scannedTo: atEnd ? head.position : place, atEnd };
    };
    const steps = follow({
      ...followOptions(context, follower, signal),
      readOn,
      // What was read from the store may be in the tail too.
      pick: ({ aggregateType, aggregateId, aggregateVersion }) =>
        aggregateId === stream.aggregateId &&
        aggregateType === stream.aggregateType &&
        aggregateVersion >= nextVersion,
      placeOf: (event) => event.position,
      ...{ from: 0n, limit: range.limit },
    });
    for await (const step of noted(context, follower, steps)) {
      if (step.kind === "page") moveBehind(step.events);
      yield step;
    }
  });
}

/** A stream that is not there is no failure here. */
function absent(onHiddenForeign: () => void): (error: unknown) => undefined {
  return (error) => {
    const failure = error instanceof AnnalsError ? error.failure : undefined;
    if (failure?.reason !== "stream_not_found") throw error;
    if (failure.foreign) onHiddenForeign();
    return undefined;
  };
}
