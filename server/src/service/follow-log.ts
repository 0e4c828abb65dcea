import { type EventFilter, matchesFilter, noFilter } from "../domain/filter.js";
import type { LogHead, WholeLogHead } from "../domain/log.js";
import type { TenantId } from "../domain/tenant.js";
import { follow, type FollowOptions, type FollowStep } from "../reader/follow.js";
import { type Follower, note } from "../reader/followers.js";
import type { Pick } from "../reader/log-tail.js";
import type { ServiceContext } from "./context.js";
import { pagesOf } from "./pages-of.js";

/** Which events of a log to follow, from where. */
export interface FollowCommand<Place> {
  /** Exclusive. */
  readonly from: Place;
  readonly filter: EventFilter;
  /** Most events; undefined: without end. */
  readonly limit: bigint | undefined;
}

/** The log's head when the read began, then what happens. */
export type LogStep<Head> = { readonly kind: "head"; readonly head: Head } | FollowStep;

/** The last place there can be. */
const lastPlace = 2n ** 63n - 1n;

/** The tenant's log from a position on, and then live. Places are positions. */
export function followLog(
  context: ServiceContext,
  tenantId: TenantId,
  { from, filter, limit }: FollowCommand<bigint>,
  signal: AbortSignal,
): AsyncGenerator<LogStep<LogHead>, void, undefined> {
  const { store, pageCache, pages } = context;
  return context.followers.open(tenantId, async function* (follower) {
    const head = await store.getHead(tenantId, { signal });
    Object.assign(follower, { place: from, head: head.position });
    yield { kind: "head" as const, head };
    const range = { tenantId, direction: "forwards", to: lastPlace, filter } as const;
    yield* noted(
      context,
      follower,
      follow({
        ...followOptions(context, follower, signal),
        readOn: (place, maxEvents) =>
          pageCache.readLog(
            { ...range, from: place, maxEvents, maxBytes: pages.maxBytes },
            { signal },
          ),
        pick: pickOf(filter),
        placeOf: (event) => event.position,
        ...{ from, limit },
      }),
    );
  });
}

/** The whole log from a cursor on, and then live. Places are global positions. */
export function followWholeLog(
  context: ServiceContext,
  { from, filter, limit }: FollowCommand<string>,
  signal: AbortSignal,
): AsyncGenerator<LogStep<WholeLogHead>, void, undefined> {
  const { store, pageCache, pages } = context;
  return context.followers.open(undefined, async function* (follower) {
    const head = await store.getWholeHead({ signal });
    Object.assign(follower, { place: store.placeOf(from), head: store.placeOf(head.cursor) });
    yield { kind: "head" as const, head };
    const range = { direction: "forwards", to: "", filter } as const;
    yield* noted(
      context,
      follower,
      follow({
        ...followOptions(context, follower, signal),
        readOn: async (place, maxEvents) => {
          const page = await pageCache.readWholeLog(
            { ...range, from: store.cursorOf(place), maxEvents, maxBytes: pages.maxBytes },
            { signal },
          );
          return { ...page, scannedTo: store.placeOf(page.scannedTo) };
        },
        pick: pickOf(filter),
        placeOf: (event) => event.globalPosition,
        ...{ from: store.placeOf(from), limit },
      }),
    );
  });
}

/** What follows of every log have in common. */
export function followOptions(
  context: ServiceContext,
  follower: Follower,
  signal: AbortSignal,
): Omit<FollowOptions, "readOn" | "pick" | "placeOf" | "from" | "limit"> {
  const { tail, tenantId } = follower;
  const pages = tenantId === undefined ? context.pages : pagesOf(context, tenantId);
  const { checkpoints } = context;
  return { tail, maxPageEvents: pages.maxEvents, checkpoints, progress: follower, signal };
}

/** Passes steps on, and notes them for the metrics. */
export async function* noted(
  { observer }: ServiceContext,
  follower: Follower,
  steps: AsyncIterable<FollowStep>,
): AsyncGenerator<FollowStep, void, undefined> {
  for await (const step of steps) {
    yield step;
    const events = step.kind === "page" ? step.events : [];
    const bytes = note(follower, events, step.scannedTo);
    observer?.eventsRead(events.length);
    observer?.bytesFollowed(bytes);
  }
}

function pickOf(filter: EventFilter): Pick {
  return filter === noFilter ? undefined : (event) => matchesFilter(filter, event);
}
