import type { Store } from "../store.js";
import { encodeCursor, globalPlaces, parseCursor } from "../global-cursor.js";
import { Watchers } from "../watchers.js";
import { appendOne } from "./append.js";
import { createMemoryRecords } from "./records.js";
import { readStream } from "./read-stream.js";
import { tenantUsage } from "./tenant-usage.js";
import { scanLog } from "./scan-log.js";
import { createMemoryState, keyOf } from "./state.js";

/** A store that holds everything in this process's memory, for tests. It keeps nothing. */
export function createMemoryStore(): Store {
  const state = createMemoryState();
  const watchers = new Watchers();
  const answer = <T>(value: () => T): Promise<T> => Promise.resolve().then(value);
  return {
    laneOf: () => 0,
    enoughForCommit: () => Infinity,
    append: (batch, now) =>
      answer(() => {
        const outcomes = batch.map((intent) => appendOne(state, intent, now));
        watchers.notify();
        return outcomes;
      }),
    readStream: (query) => answer(() => readStream(state, query)),
    readLog: (query) => answer(() => scanLog(state.tenants.get(query.tenantId)?.log ?? [], query)),
    readWholeLog: (query) =>
      answer(() => {
        const head = BigInt(state.log.length);
        const [start, end] = query.direction === "forwards" ? [0n, head] : [head + 1n, 1n];
        const page = scanLog(state.log, {
          ...query,
          from: query.from === "" ? start : parseCursor(query.from),
          to: query.to === "" ? end : parseCursor(query.to),
        });
        return { ...page, scannedTo: encodeCursor(page.scannedTo) };
      }),
    getEvent: (tenantId, eventId) => answer(() => state.tenants.get(tenantId)?.byId.get(eventId)),
    getStream: (tenantId, stream) =>
      answer(() => {
        const events = state.tenants.get(tenantId)?.streams.get(keyOf(stream));
        const [first, last] = [events?.[0], events?.at(-1)];
        if (!first || !last) return undefined;
        return {
          version: last.aggregateVersion,
          createdAt: first.recordedAt,
          updatedAt: last.recordedAt,
        };
      }),
    getHead: (tenantId) =>
      answer(() => {
        const log = state.tenants.get(tenantId)?.log ?? [];
        return { position: BigInt(log.length), recordedAt: log.at(-1)?.recordedAt };
      }),
    getTenantUsage: (tenantId) => answer(() => tenantUsage(state, tenantId)),
    listTenantUsage: (after, maxTenants) =>
      answer(() =>
        [...state.tenants]
          .filter(([tenantId, { log }]) => tenantId > after && log.length > 0)
          .map(([tenantId]) => tenantId)
          .sort()
          .slice(0, maxTenants)
          .map((tenantId) => tenantUsage(state, tenantId)),
      ),
    getWholeHead: () =>
      answer(() => {
        const globalPosition = BigInt(state.log.length);
        const recordedAt = state.log.at(-1)?.recordedAt;
        return { cursor: encodeCursor(globalPosition), globalPosition, recordedAt };
      }),
    ...globalPlaces,
    watch: (onGrowth) => watchers.add(onGrowth),
    isForeignStream: (tenantId, stream) =>
      answer(() =>
        [...state.tenants].some(
          ([other, { streams }]) => other !== tenantId && streams.has(keyOf(stream)),
        ),
      ),
    records: createMemoryRecords(),
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
