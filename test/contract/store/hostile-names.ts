import { expect } from "vitest";
import { type EventFilter, noFilter } from "#server/domain/filter.js";
import {
  appendOk,
  idsOf,
  logQuery,
  newEvent,
  newTenant,
  readLogToEnd,
  someTime,
  streamQuery,
} from "../../support/store-input.js";
import { describeTheme, type StoreContract } from "./theme.js";

/** Texts that mean something to SQL, LIKE, arrays, JSON, parameters, shells and paths. */
const hostileNames: readonly string[] = [
  "%",
  "_",
  "%_",
  "\\",
  "\\%",
  "*",
  "?",
  "[a-z]",
  "'",
  "''",
  '"',
  "`",
  "\\'",
  "'; DROP TABLE annals.events; --",
  "' OR '1'='1",
  "') OR true --",
  "$1",
  "?1",
  ":name",
  "{}",
  "{a,b}",
  "NULL",
  "null",
  "/*",
  "--",
  '{"a":1}',
  "\\x00",
  "\\u0000",
  "\u0001",
  "\n",
  "\u2028",
  "../..",
  "$(id)",
  "E'\\''",
  "\u00e9",
  "e\u0301",
  "\ud83d\ude00",
];

/** What each text is put into; every one must come back as it was, and match only itself. */
export function describeHostileNames(contract: StoreContract): void {
  describeTheme(contract, "texts that are code elsewhere", ({ test }) => {
    const fields = {
      aggregateTypes: (text: string) => ({ aggregateTypes: [text] }),
      aggregateIds: (text: string) => ({ aggregateIds: [text] }),
      eventTypes: (text: string) => ({ eventTypes: [text] }),
      eventTypePrefixes: (text: string) => ({ eventTypePrefixes: [text] }),
      tags: (text: string) => ({ tags: [text] }),
    } satisfies Record<string, (text: string) => Partial<EventFilter>>;

    test("each is a stream, a type, a tag and a metadata key of its own", async (store) => {
      const tenantId = newTenant();
      const written = new Map<string, string>();
      for (const text of hostileNames) {
        const event = newEvent({
          eventType: text,
          contentType: text,
          metadata: { [text]: text },
          correlationId: text,
          causationId: text,
          tags: [text],
        });
        await appendOk(store, tenantId, { aggregateType: text, aggregateId: text }, [event]);
        written.set(text, event.eventId);
      }
      for (const [text, eventId] of written) {
        const stream = { aggregateType: text, aggregateId: text };
        const { events } = await store.readStream(streamQuery(tenantId, stream));
        expect(idsOf(events), text).toEqual([eventId]);
        expect(events[0], text).toMatchObject({
          ...stream,
          eventType: text,
          contentType: text,
          metadata: { [text]: text },
          correlationId: text,
          causationId: text,
          tags: [text],
        });
        expect(await store.getStream(tenantId, stream), text).toMatchObject({ version: 1n });
        for (const [name, filterOf] of Object.entries(fields)) {
          const filter = { ...noFilter, ...filterOf(text) };
          const found = await readLogToEnd(store, logQuery(tenantId, { filter }));
          const matching = hostileNames
            .filter(
              (other) => other === text || (name.includes("Prefix") && other.startsWith(text)),
            )
            .map((other) => written.get(other));
          expect(idsOf(found), `${name} ${text}`).toEqual(matching);
        }
      }
    });

    test("each is a record and a collection of its own", async ({ records }) => {
      const owner = newTenant();
      const keyOf = (text: string) => ({ owner, collection: `snapshots/${text}`, name: text });
      for (const text of hostileNames) {
        await records.put(keyOf(text), Buffer.from(text), 0n, someTime);
      }
      for (const text of hostileNames) {
        const found = await records.list({ ...keyOf(text), after: "", maxRecords: 10 });
        expect(
          found.map(({ value }) => Buffer.from(value).toString()),
          text,
        ).toEqual([text]);
      }
      await records.delete(keyOf("%"));
      expect(await records.get(keyOf("%_"))).toBeDefined();
    });
  });
}
