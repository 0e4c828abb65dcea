import { setTimeout as sleep } from "node:timers/promises";
import { noFilter } from "#server/domain/filter.js";
import type { TenantId } from "#server/domain/tenant.js";
import type { Store } from "#server/store/store.js";

/** Reads on from a place in a log: what comes next, in order. */
export type ReadOn = (after: bigint) => Promise<readonly bigint[]>;

/** Follows a log as a live reader does, by polling from the last place it saw, until told to stop. */
export async function follow(
  readOn: ReadOn,
  isOver: () => boolean,
  seen: bigint[] = [],
): Promise<bigint[]> {
  for (;;) {
    const over = isOver();
    const places = await readOn(seen.at(-1) ?? 0n);
    seen.push(...places);
    if (places.length === 0) {
      if (over) return seen;
      await sleep(1);
    }
  }
}

/** What is wrong with what a reader saw of a log that holds `count` events: empty when nothing is. */
export function findGaps(seen: readonly bigint[], count: number): string[] {
  const faults = seen.length === count ? [] : [`read ${seen.length} events of ${count}`];
  seen.forEach((place, i) => {
    if (place !== BigInt(i + 1)) faults.push(`event ${i + 1} was read as ${place.toString()}`);
  });
  return faults.slice(0, 5);
}

const bounds = { direction: "forwards", filter: noFilter, maxEvents: 500, maxBytes: 1e6 } as const;
const end = 2n ** 63n - 1n;

/** Reads on in a tenant's log. */
export function tenantReader(store: Store, tenantId: string): ReadOn {
  return async (from) => {
    const query = { ...bounds, tenantId: tenantId as TenantId, from, to: end };
    return (await store.readLog(query)).events.map(({ position }) => position);
  };
}

/** Reads on in the whole log. */
export function wholeReader(store: Store): ReadOn {
  let cursor = "";
  return async () => {
    const page = await store.readWholeLog({ ...bounds, from: cursor, to: "" });
    cursor = page.scannedTo;
    return page.events.map(({ globalPosition }) => globalPosition);
  };
}
