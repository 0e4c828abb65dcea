import { afterEach, expect, test, vi } from "vitest";
import { AnnalsError } from "#server/domain/error.js";
import type { TenantId } from "#server/domain/tenant.js";
import type { RecordKey } from "#server/store/record-store.js";
import type { AppendIntent, Store } from "#server/store/store.js";
import { foreignMarks, markedEvent, newMarkedTenant } from "./contract/walls/marks.js";
import { assertWalls, untilFound, wallsTimeoutMs } from "./contract/walls/property.js";
import { startTestServer } from "./support/server.js";

// The test of the test: each hole in a wall has to be found.

type Leak = (store: Store, written: readonly AppendIntent[]) => Partial<Store>;

const chosen = vi.hoisted(() => ({ leak: undefined as Leak | undefined }));

vi.mock("#server/store/memory/open.js", async (importOriginal) => {
  const { createMemoryStore } = await importOriginal<{ createMemoryStore: () => Store }>();
  const open = (): Store => {
    const store = createMemoryStore();
    const written: AppendIntent[] = [];
    const append: Store["append"] = (batch, now) => {
      written.push(...batch);
      return store.append(batch, now);
    };
    return { ...store, append, ...chosen.leak?.(store, written) };
  };
  return { createMemoryStore: open };
});

afterEach(() => {
  chosen.leak = undefined;
});

/** The last tenant that wrote; another than this one, if there is one. */
function other(written: readonly AppendIntent[], than: TenantId): TenantId {
  return written.findLast(({ tenantId }) => tenantId !== than)?.tenantId ?? than;
}

/** The key with one owner for every tenant. */
function ofAll(key: RecordKey): RecordKey {
  return { ...key, owner: "operator" };
}

const leaks: Record<string, Leak> = {
  "a log with data of another": (store, written) => ({
    readLog: async (query) => {
      const page = await store.readLog(query);
      const from = other(written, query.tenantId);
      const data = written.find(({ tenantId }) => tenantId === from)?.events[0]?.data;
      return { ...page, events: page.events.map((event) => ({ ...event, ...(data && { data }) })) };
    },
  }),
  "a stream that is another's, where there is none of its own": (store, written) => ({
    getStream: async (tenantId, stream) =>
      (await store.getStream(tenantId, stream)) ??
      store.getStream(other(written, tenantId), stream),
    readStream: async (query) => {
      const own = await store.getStream(query.tenantId, query.stream);
      if (own) return store.readStream(query);
      return store.readStream({ ...query, tenantId: other(written, query.tenantId) });
    },
  }),
  "an event that is another's": (store, written) => ({
    getEvent: async (tenantId, eventId) =>
      (await store.getEvent(tenantId, eventId)) ??
      store.getEvent(other(written, tenantId), eventId),
  }),
  "a head with the time of another": (store, written) => ({
    getHead: async (tenantId) => ({
      ...(await store.getHead(tenantId)),
      recordedAt: (await store.getHead(other(written, tenantId))).recordedAt,
    }),
  }),
  "event ids that are unique across tenants": (store, written) => ({
    append: async (batch, now) => {
      const outcomes = await store.append(batch, now);
      const taken = batch.map(({ tenantId, events }) =>
        events.find(({ eventId }) =>
          written.some(
            (intent) =>
              intent.tenantId !== tenantId &&
              intent.events.some((event) => event.eventId === eventId),
          ),
        ),
      );
      written = [...written, ...batch];
      return outcomes.map((outcome, i) => {
        const eventId = taken[i]?.eventId;
        if (eventId === undefined) return outcome;
        return { ok: false, failure: { reason: "duplicate_event_id", eventId } } as const;
      });
    },
  }),
  "live events that go to another": (store, written) => ({
    readWholeLog: async (query) => {
      const page = await store.readWholeLog(query);
      const events = page.events.map((event) => {
        return { ...event, tenantId: other(written, event.tenantId) };
      });
      return { ...page, events };
    },
  }),
  "a snapshot of another": (store, written) => ({
    records: {
      ...store.records,
      get: async (key) => {
        const own = await store.records.get(key);
        if (own ?? key.owner === "operator") return own;
        return store.records.get({ ...key, owner: other(written, key.owner) });
      },
    },
  }),
  "a snapshot that another's takes the place of": (store) => ({
    records: {
      ...store.records,
      get: (key) => store.records.get(ofAll(key)),
      put: (key, ...rest) => store.records.put(ofAll(key), ...rest),
    },
  }),
  "an error that names the owner": (store, written) => ({
    isForeignStream: async (tenantId, stream) => {
      if (!(await store.isForeignStream(tenantId, stream))) return false;
      const owner = other(written, tenantId);
      throw new AnnalsError({ reason: "unimplemented", description: `ask ${owner}` });
    },
  }),
};

test.each(Object.entries(leaks))("%s is found", { timeout: wallsTimeoutMs }, async (_, leak) => {
  chosen.leak = leak;
  await using server = await startTestServer();
  await expect(assertWalls(server, untilFound)).rejects.toThrow("Property failed");
});

test("a mark of another is found in an answer, unless the request named it", () => {
  const tenant = newMarkedTenant();
  const { tenantId, marks } = tenant;
  const none = Buffer.alloc(0);
  const bytes = Buffer.from(tenantId.replaceAll("-", ""), "hex");
  for (const leaked of [tenantId, bytes, tenant.idPrefix, ...Object.values(marks)]) {
    const answer = Buffer.concat([
      Buffer.from("before"),
      Buffer.from(leaked),
      Buffer.from("after"),
    ]);
    expect(foreignMarks(answer, none, [tenant])).toHaveLength(1);
    expect(foreignMarks(answer, answer, [tenant])).toEqual([]);
    expect(foreignMarks(answer, none, [newMarkedTenant()])).toEqual([]);
  }
  const { data, metadata, tags, ...texts } = markedEvent(tenant, "");
  const parts = [
    ...Object.values(texts),
    ...tags,
    data.toString(),
    ...Object.entries(metadata).flat(),
  ];
  const found = foreignMarks(Buffer.from(parts.join()), none, [tenant]);
  expect(found).toHaveLength(Object.keys(marks).length - 8); // all but the stream's two names, and what no event has
});
