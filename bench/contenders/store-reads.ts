import type { TenantId } from "#server/domain/tenant.js";
import { noFilter } from "#server/domain/filter.js";
import { openPostgresStore } from "#server/store/postgres/open.js";
import type { Store } from "#server/store/store.js";
import { runCallLoop } from "../load/call-loop.js";
import type { Contender } from "./contender.js";

/** Reads of one tenant's log, in process, over PostgreSQL as one role. */
export interface StoreReads {
  readonly name: string;
  readonly description: string;
  /** A filled database, with the role's name and password. */
  readonly url: string;
  readonly tenant: TenantId;
  readonly inFlight: number;
  /** Makes one read; answers how many events came, or throws. */
  readonly read: (store: Store, tenant: TenantId) => Promise<void>;
}

/** One stream, whole. @param events that each has */
export function readOneStream(streams: number, events: number): StoreReads["read"] {
  return async (store, tenantId) => {
    const n = Math.floor(Math.random() * streams);
    const page = await store.readStream({
      tenantId,
      stream: { aggregateType: "Order", aggregateId: `order-${n.toString(16).padStart(8, "0")}` },
      ...{ direction: "forwards", fromVersion: 1n, toVersion: 2n ** 63n - 1n },
      ...{ maxEvents: events + 1, maxBytes: 2 ** 30 },
    });
    if (page.events.length !== events) throw new Error(`${page.events.length} events came`);
  };
}

/** One page from somewhere in the log. */
export function readOnePage(log: number, events: number): StoreReads["read"] {
  return async (store, tenantId) => {
    const from = BigInt(Math.floor(Math.random() * (log - events)));
    const page = await store.readLog({
      ...{ tenantId, from, to: 2n ** 63n - 1n, filter: noFilter, direction: "forwards" },
      ...{ maxEvents: events, maxBytes: 2 ** 30 },
    });
    if (page.events.length !== events) throw new Error(`${page.events.length} events came`);
  };
}

export function createStoreReads(options: StoreReads): Contender {
  let store: Store | undefined;
  return {
    name: options.name,
    description: options.description,
    start: async () => {
      const logger = { warn: () => undefined };
      store = await openPostgresStore({ url: options.url, readConnections: 8, logger });
    },
    drive: async (load, driveOptions) => {
      const open = store;
      if (!open) throw new Error("not started");
      return runCallLoop(load, () => options.read(open, options.tenant), driveOptions);
    },
    verify: () => Promise.resolve(), // every read counts what came
    stop: async () => {
      await store?.close();
      store = undefined;
    },
  };
}
