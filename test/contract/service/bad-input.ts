import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ErrorReason } from "@annals/proto/annals/v1/error";
import type { AppendRequestSchema } from "@annals/proto/annals/v1/event_store";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { AnnalsServer } from "#server/compose.js";
import {
  any,
  appendTo,
  clientOf,
  type EventStoreClient,
  failureOf,
  newEvent,
  type Plain,
  read,
  readAll,
} from "../../support/client.js";
import { newTenant, startTestServer } from "../../support/server.js";
import type { ServiceContract } from "./contract.js";

/** A number that no enum of the contract has. */
const unknownEnum = 99 as never;
const at = (seconds: bigint, nanos = 0) => create(TimestampSchema, { seconds, nanos });
const long = "x".repeat(256);
const stream = { aggregateType: "Order", aggregateId: "1" };
const withEvent = (init: Parameters<typeof newEvent>[0]) => appendTo("1", any, [newEvent(init)]);

/** Times that JSON has no form for: a client cannot write them down. */
const invalidTimes: Record<string, [Plain<typeof AppendRequestSchema>, string]> = {
  "a time before year 1": [
    withEvent({ occurredAt: at(-62_135_596_801n) }),
    "events[0].occurred_at.seconds",
  ],
  "a time after year 9999": [
    withEvent({ occurredAt: at(253_402_300_800n) }),
    "events[0].occurred_at.seconds",
  ],
  "too many nanos": [
    withEvent({ occurredAt: at(0n, 1_000_000_000) }),
    "events[0].occurred_at.nanos",
  ],
  "negative nanos": [withEvent({ occurredAt: at(0n, -1) }), "events[0].occurred_at.nanos"],
};

/** What breaks a rule, and the field that the error must name. */
const invalidAppends: Record<string, [Plain<typeof AppendRequestSchema>, string]> = {
  "no stream": [{ expectedVersion: any, events: [newEvent()] }, "stream"],
  "no aggregate type": [
    { ...appendTo("1"), stream: { ...stream, aggregateType: "" } },
    "stream.aggregate_type",
  ],
  "no aggregate id": [appendTo(""), "stream.aggregate_id"],
  "NUL in the aggregate id": [appendTo("a\0b"), "stream.aggregate_id"],
  "newline in the aggregate id": [appendTo("a\nb"), "stream.aggregate_id"],
  "no expected version": [appendTo("1", {}), "expected_version"],
  "no events": [appendTo("1", any, []), "events"],
  "an empty event type": [withEvent({ eventType: "" }), "events[0].event_type"],
  "a wrong UUID": [withEvent({ eventId: "not-a-uuid" }), "events[0].event_id"],
  "a UUID without dashes": [
    withEvent({ eventId: newTenant().replaceAll("-", "") }),
    "events[0].event_id",
  ],
  "an empty metadata key": [withEvent({ metadata: { "": "x" } }), "events[0].metadata key"],
  "NUL in a metadata value": [withEvent({ metadata: { k: "\0" } }), 'events[0].metadata["k"]'],
  "an empty tag": [withEvent({ tags: [""] }), "events[0].tags[0]"],
  "a tag twice": [withEvent({ tags: ["a", "a"] }), "events[0].tags[1]"],
};

const repeated = newEvent();
const upper = { ...repeated, eventId: repeated.eventId!.toUpperCase() };

/** What passes a limit: its name, its value, what came. */
const tooLarge: Record<string, [Plain<typeof AppendRequestSchema>, string, bigint]> = {
  "a long aggregate id": [appendTo(long), "name_bytes", 255n],
  "a long aggregate id of few characters": [appendTo("ü".repeat(128)), "name_bytes", 255n],
  "a long event type": [withEvent({ eventType: long }), "name_bytes", 255n],
  "a long content type": [withEvent({ contentType: long }), "name_bytes", 255n],
  "a long correlation id": [withEvent({ correlationId: long }), "name_bytes", 255n],
  "a long causation id": [withEvent({ causationId: long }), "name_bytes", 255n],
  "a large event": [withEvent({ data: new Uint8Array(1_048_577) }), "event_bytes", 1_048_576n],
  "too many metadata keys": [
    withEvent({
      metadata: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, ""])),
    }),
    "metadata_keys",
    64n,
  ],
  "too many tags": [
    withEvent({ tags: Array.from({ length: 33 }, (_, i) => `t${i}`) }),
    "tags",
    32n,
  ],
  "too many events": [
    appendTo(
      "1",
      any,
      Array.from({ length: 1001 }, () => newEvent()),
    ),
    "append_events",
    1000n,
  ],
  "a large append": [
    appendTo(
      "1",
      any,
      Array.from({ length: 5 }, () => newEvent({ data: new Uint8Array(900_000) })),
    ),
    "append_bytes",
    4_194_304n,
  ],
};

/** Reads that break a rule. */
const invalidReads: Record<string, [(client: EventStoreClient) => Promise<unknown>, string]> = {
  "an unknown direction": [
    (client) => read(client, { stream, direction: unknownEnum }),
    "direction",
  ],
  "an unknown scope": [(client) => readAll(client, { scope: unknownEnum }), "scope"],
  "a cursor in a tenant's log": [
    (client) => readAll(client, { start: { case: "afterCursor", value: "ZzE6MQ" } }),
    "after_cursor",
  ],
  "an empty filter value": [
    (client) => readAll(client, { filter: { eventTypes: [""] } }),
    "filter.event_types[0]",
  ],
  "no aggregate type": [(client) => client.getEventsByType({}), "aggregate_type"],
  "a page token of nobody": [
    (client) => client.getEventsByType({ aggregateType: "Order", pageToken: "1; DROP TABLE" }),
    "page_token",
  ],
  "an event id that is none": [(client) => client.getEvent({ eventId: "1" }), "event_id"],
  "no stream": [(client) => client.getStream({}), "stream"],
};

export function describeBadInput({ name, transport, addressOf, json }: ServiceContract): void {
  describe(`bad input over ${name}`, () => {
    let server: AnnalsServer;
    let client: EventStoreClient;
    beforeAll(async () => {
      server = await startTestServer();
      client = clientOf(addressOf(server), newTenant(), transport);
    });
    afterAll(() => server.stop());

    const nothingWritten = async () => {
      expect((await client.getHead({})).head?.position).toBe(0n);
    };

    test.each(Object.entries({ ...invalidAppends, ...(json ? {} : invalidTimes) }))(
      "an append with %s is refused, and the field is named",
      async (_, [request, field]) => {
        const { code, detail } = await failureOf(client.append(request));
        expect(code).toBe("InvalidArgument");
        expect(detail.reason).toBe(ErrorReason.INVALID_ARGUMENT);
        expect(detail.detail).toMatchObject({ case: "invalidArgument", value: { field } });
        await nothingWritten();
      },
    );

    test("an id twice in one append is refused, in any letter case", async () => {
      for (const second of [repeated, upper]) {
        const { detail } = await failureOf(client.append(appendTo("1", any, [repeated, second])));
        expect(detail.detail.value).toMatchObject({ field: "events[1].event_id" });
      }
      await nothingWritten();
    });

    test.each(Object.entries(tooLarge))(
      "%s passes a limit, which is named with its value",
      async (_, [request, limit, maximum]) => {
        const { code, detail } = await failureOf(client.append(request));
        expect(code).toBe("ResourceExhausted");
        expect(detail.detail).toMatchObject({ case: "limitExceeded", value: { limit, maximum } });
        expect(detail.retryAfter).toBeUndefined();
        const { value } = detail.detail as { value: { actual: bigint } };
        expect(value.actual).toBeGreaterThan(maximum);
        await nothingWritten();
      },
    );

    test.each(Object.entries(invalidReads))(
      "a read with %s is refused",
      async (_, [call, field]) => {
        const { code, detail } = await failureOf(call(client));
        expect(code).toBe("InvalidArgument");
        expect(detail.detail).toMatchObject({ case: "invalidArgument", value: { field } });
      },
    );

    test("a page size over the limit is refused, the largest is taken", async () => {
      for (const pageSize of [1001, 2 ** 32 - 1]) {
        const { detail } = await failureOf(
          client.getEventsByType({ aggregateType: "Order", pageSize }),
        );
        expect(detail.detail.value).toMatchObject({ limit: "page_events", maximum: 1000n });
      }
      await client.getEventsByType({ aggregateType: "Order", pageSize: 1000 });
    });

    test("names of any script, quotes and metacharacters are only names", async () => {
      const own = clientOf(addressOf(server), newTenant(), transport);
      const names = ["'; DROP TABLE events; --", "100%_\\", "日本語", "😀", '"quoted"', "a/b", " "];
      for (const id of names) await own.append(appendTo(id));
      for (const id of names) {
        const events = await read(own, { stream: { aggregateType: "Order", aggregateId: id } });
        expect(events.map((event) => event.aggregateId)).toEqual([id]);
      }
    });
  });
}
