import { superseded } from "./superseded.js";
import type { DeadLetter, ProjectionClaim, ProjectionStore } from "./projection-store.js";

interface Row {
  fence: bigint;
  leasedUntilMs: number;
  place: string | undefined;
  readonly deadLetters: Map<string, DeadLetter>;
}

/**
 * Keeps places in memory: for tests, and for read models that are in memory themselves.
 *
 * @param now milliseconds, for leases. Default: the process's clock
 */
export function createMemoryProjectionStore(
  now: () => number = () => performance.now(),
): ProjectionStore<undefined> {
  const rows = new Map<string, Row>();
  const rowOf = (projection: string): Row => {
    const found = rows.get(projection);
    if (found) return found;
    const row: Row = { fence: 0n, leasedUntilMs: 0, place: undefined, deadLetters: new Map() };
    rows.set(projection, row);
    return row;
  };
  const held = ({ projection, fence }: ProjectionClaim): Row => {
    const row = rowOf(projection);
    if (row.fence !== fence) throw superseded(projection);
    return row;
  };
  return {
    transactional: false,
    acquire: (projection, ttlMs) => {
      const row = rowOf(projection);
      if (ttlMs !== undefined && row.leasedUntilMs > now()) return Promise.resolve(undefined);
      row.fence++;
      row.leasedUntilMs = ttlMs === undefined ? 0 : now() + ttlMs;
      return Promise.resolve({ projection, fence: row.fence, place: row.place });
    },
    renew: async (claim, ttlMs) => {
      await Promise.resolve();
      held(claim).leasedUntilMs = now() + ttlMs;
    },
    release: ({ projection, fence }) => {
      const row = rowOf(projection);
      if (row.fence === fence) row.leasedUntilMs = 0;
      return Promise.resolve();
    },
    write: async (claim, work) => {
      held(claim);
      const { place, deadLetter } = await work(undefined);
      const row = held(claim);
      row.place = place;
      if (deadLetter) row.deadLetters.set(keyOf(deadLetter), deadLetter);
    },
    placeOf: async (claim) => {
      await Promise.resolve();
      return held(claim).place;
    },
    listDeadLetters: (projection) => Promise.resolve([...rowOf(projection).deadLetters.values()]),
    removeDeadLetter: (projection, tenantId, eventId) => {
      rowOf(projection).deadLetters.delete(keyOf({ tenantId, eventId }));
      return Promise.resolve();
    },
  };
}

function keyOf({ tenantId, eventId }: Pick<DeadLetter, "tenantId" | "eventId">): string {
  return `${tenantId} ${eventId}`;
}
