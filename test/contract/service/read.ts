import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ErrorReason } from "@annals/proto/annals/v1/error";
import { Direction, FilterSchema, Scope } from "@annals/proto/annals/v1/event_store";
import type { AnnalsServer } from "#server/compose.js";
import {
  appendTo,
  clientOf,
  type EventStoreClient,
  failureOf,
  newEvent,
  noStream,
  read,
  readAll,
} from "../../support/client.js";
import { newTenant, startTestServer } from "../../support/server.js";
import type { ServiceContract } from "./contract.js";

const stream = (id: string) => ({ aggregateType: "Order", aggregateId: id });

export function describeRead({ name, transport, addressOf }: ServiceContract): void {
  describe(`reads over ${name}`, () => {
    let server: AnnalsServer;
    beforeAll(async () => {
      server = await startTestServer();
    });
    afterAll(() => server.stop());
    const newClient = (tenantId = newTenant()): EventStoreClient =>
      clientOf(addressOf(server), tenantId, transport);

    const versions = async (
      client: EventStoreClient,
      request: Omit<Parameters<typeof read>[1], "stream">,
    ) =>
      (await read(client, { ...request, stream: stream("s") })).map((event) =>
        Number(event.aggregateVersion),
      );

    test("a stream is read in ranges, both ways, with limits", async () => {
      const client = newClient();
      await client.append(appendTo("s", noStream, [newEvent(), newEvent(), newEvent()]));
      await client.append(appendTo("s", undefined, [newEvent(), newEvent()]));
      expect(await versions(client, {})).toEqual([1, 2, 3, 4, 5]);
      expect(await versions(client, { fromVersion: 3n })).toEqual([3, 4, 5]);
      expect(await versions(client, { fromVersion: 2n, toVersion: 4n })).toEqual([2, 3, 4]);
      expect(await versions(client, { limit: 2n })).toEqual([1, 2]);
      const backwards = { direction: Direction.BACKWARDS };
      expect(await versions(client, backwards)).toEqual([5, 4, 3, 2, 1]);
      expect(await versions(client, { ...backwards, limit: 2n })).toEqual([5, 4]);
      expect(await versions(client, { ...backwards, toVersion: 3n })).toEqual([3, 2, 1]);
      expect(await versions(client, { fromVersion: 6n })).toEqual([]);
      expect(await versions(client, { fromVersion: 4n, toVersion: 2n })).toEqual([]);
      const huge = { fromVersion: 1n, toVersion: 2n ** 64n - 1n, limit: 2n ** 64n - 1n };
      expect(await versions(client, huge)).toEqual([1, 2, 3, 4, 5]);
    });

    test("the first answer of a read carries the stream as it is", async () => {
      const client = newClient();
      await client.append(appendTo("s", noStream, [newEvent(), newEvent()]));
      for await (const answer of client.read({ stream: stream("s"), fromVersion: 2n })) {
        expect(answer.stream).toMatchObject({ stream: stream("s"), aggregateVersion: 2n });
        break;
      }
    });

    test("a stream without events is NOT_FOUND", async () => {
      const client = newClient();
      for (const call of [
        () => read(client, { stream: stream("none") }),
        () => client.getStream({ stream: stream("none") }),
      ]) {
        const { code, detail } = await failureOf(call());
        expect([code, detail.reason]).toEqual(["NotFound", ErrorReason.STREAM_NOT_FOUND]);
      }
    });

    test("GetStream tells version and times", async () => {
      const client = newClient();
      const first = await client.append(appendTo("s"));
      const last = await client.append(appendTo("s"));
      const { stream: info } = await client.getStream({ stream: stream("s") });
      expect(info).toMatchObject({
        aggregateVersion: 2n,
        createdAt: first.recordedAt,
        updatedAt: last.recordedAt,
      });
    });

    test("GetEvent finds by id in any letter case, and answers NOT_FOUND otherwise", async () => {
      const client = newClient();
      const event = newEvent();
      await client.append(appendTo("s", undefined, [event]));
      const found = await client.getEvent({ eventId: event.eventId!.toUpperCase() });
      expect(found.event).toMatchObject({ eventId: event.eventId, position: 1n });
      const { code } = await failureOf(client.getEvent({ eventId: newTenant() }));
      expect(code).toBe("NotFound");
    });

    test("the log is read in position order, exclusively from where a reader was, both ways", async () => {
      const client = newClient();
      for (let i = 0; i < 5; i++) await client.append(appendTo(`o-${i}`));
      const positions = async (request: Parameters<typeof readAll>[1]) =>
        (await readAll(client, request)).map((event) => Number(event.position));
      expect(await positions({})).toEqual([1, 2, 3, 4, 5]);
      const start = (c: "afterPosition" | "beforePosition", value: bigint) => ({
        start: { case: c, value },
      });
      expect(await positions(start("afterPosition", 3n))).toEqual([4, 5]);
      expect(await positions(start("afterPosition", 5n))).toEqual([]);
      expect(await positions(start("afterPosition", 2n ** 64n - 1n))).toEqual([]);
      expect(await positions(start("beforePosition", 3n))).toEqual([2, 1]);
      expect(await positions(start("beforePosition", 0n))).toEqual([5, 4, 3, 2, 1]);
      expect(await positions({ limit: 2n })).toEqual([1, 2]);
    });

    test("the first answer is the head; the last of a whole read is a checkpoint to resume from", async () => {
      const client = newClient();
      for (let i = 0; i < 3; i++) await client.append(appendTo(`o-${i}`));
      const answers = [];
      for await (const answer of client.readAll({
        filter: create(FilterSchema, { eventTypes: ["Nothing"] }),
      })) {
        answers.push(answer);
      }
      expect(answers[0]?.head).toMatchObject({ position: 3n });
      expect(answers.at(-1)?.answer).toMatchObject({
        case: "checkpoint",
        value: { position: 3n },
      });
      const empty = [];
      for await (const answer of newClient().readAll({})) empty.push(answer);
      expect(empty[0]?.head).toMatchObject({ position: 0n });
    });

    test("a filter's parts are joined by and, its values by or", async () => {
      const client = newClient();
      const put = (aggregateType: string, eventType: string, tags: string[] = []) =>
        client.append({
          ...appendTo("x"),
          stream: { aggregateType, aggregateId: `${aggregateType}-1` },
          events: [newEvent({ eventType, tags })],
        });
      await put("Order", "OrderPlaced", ["vip", "eu"]);
      await put("Order", "OrderShipped", ["eu"]);
      await put("Invoice", "InvoiceSent", ["vip"]);
      await put("Invoice", "Order%Odd");
      const filtered = async (filter: Parameters<typeof create<typeof FilterSchema>>[1]) =>
        (await readAll(client, { filter: create(FilterSchema, filter) })).map((e) =>
          Number(e.position),
        );
      expect(await filtered({ aggregateTypes: ["Order"] })).toEqual([1, 2]);
      expect(await filtered({ aggregateTypes: ["Order", "Invoice"] })).toEqual([1, 2, 3, 4]);
      expect(await filtered({ aggregateIds: ["Invoice-1"] })).toEqual([3, 4]);
      expect(
        await filtered({ eventTypes: ["InvoiceSent"], eventTypePrefixes: ["OrderS"] }),
      ).toEqual([2, 3]);
      expect(await filtered({ eventTypePrefixes: ["Order%"] })).toEqual([4]);
      expect(await filtered({ eventTypePrefixes: ["Order"], aggregateTypes: ["Invoice"] })).toEqual(
        [4],
      );
      expect(await filtered({ tags: ["vip"] })).toEqual([1, 3]);
      expect(await filtered({ tags: ["eu", "vip"] })).toEqual([1]);
    });

    test("by type: only that type, in order, by time inclusive from, in pages", async () => {
      const client = newClient();
      for (let i = 0; i < 5; i++) await client.append(appendTo(`o-${i}`));
      await client.append({
        ...appendTo("x"),
        stream: { aggregateType: "Invoice", aggregateId: "x" },
      });
      const seen: bigint[] = [];
      let pageToken = "";
      let pages = 0;
      do {
        const page = await client.getEventsByType({
          aggregateType: "Order",
          pageSize: 2,
          pageToken,
        });
        seen.push(...page.events.map((event) => event.position));
        pageToken = page.nextPageToken;
        expect(++pages).toBeLessThan(5);
      } while (pageToken !== "");
      expect(seen).toEqual([1n, 2n, 3n, 4n, 5n]);

      const { events } = await client.getEventsByType({ aggregateType: "Order" });
      const third = events[2]!.recordedAt!;
      const from = await client.getEventsByType({ aggregateType: "Order", recordedFrom: third });
      expect(from.events).toEqual(
        events.filter(
          (e) =>
            e.recordedAt!.seconds * 1_000_000_000n + BigInt(e.recordedAt!.nanos) >=
            third.seconds * 1_000_000_000n + BigInt(third.nanos),
        ),
      );
      const none = await client.getEventsByType({
        aggregateType: "Order",
        recordedBefore: events[0]!.recordedAt!,
      });
      expect(none.events).toEqual([]);
      const typed = await client.getEventsByType({ aggregateType: "Order", eventTypes: ["No"] });
      expect(typed.events).toEqual([]);
    });

    test("a log longer than a page comes in several, none over its bound, and leaving early is fine", async () => {
      const client = newClient();
      for (let i = 0; i < 3; i++) {
        const events = Array.from({ length: 1000 }, () => newEvent());
        await client.append(appendTo(`o-${i}`, noStream, events));
      }
      const sizes: number[] = [];
      for await (const { answer } of client.readAll({})) {
        if (answer.case === "page") sizes.push(answer.value.events.length);
      }
      expect(sizes.reduce((a, b) => a + b)).toBe(3000);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
      for await (const { answer } of client.readAll({})) if (answer.case === "page") break;
      expect(await readAll(client)).toHaveLength(3000);
    });

    test("large events make short pages", async () => {
      const client = newClient();
      const data = new Uint8Array(600_000);
      for (let i = 0; i < 4; i++)
        await client.append(appendTo("big", undefined, [newEvent({ data })]));
      let pages = 0;
      for await (const { answer } of client.read({ stream: stream("big") })) {
        if (answer.case === "page") pages++;
      }
      expect(pages).toBeGreaterThan(1);
    });

    test("the whole log, for the operator: every tenant in one order, resumed by cursor", async () => {
      const own = await startTestServer();
      try {
        const [a, b] = [newTenant(), newTenant()];
        for (const tenantId of [a, b, a, b, b]) {
          await clientOf(addressOf(own), tenantId, transport).append(appendTo("same"));
        }
        const operator = clientOf(addressOf(own), "*", transport);
        const whole = { scope: Scope.ALL_TENANTS };
        const tenants: string[] = [];
        const places: bigint[] = [];
        let cursor = "";
        for (;;) {
          let got = 0;
          const start = { case: "afterCursor", value: cursor } as const;
          for await (const { answer } of operator.readAll({ ...whole, start, limit: 2n })) {
            if (answer.case !== "page") continue;
            cursor = answer.value.cursor;
            got += answer.value.events.length;
            tenants.push(...answer.value.events.map((event) => event.tenantId));
            places.push(...answer.value.globalPositions);
          }
          if (got === 0) break;
        }
        expect(tenants).toEqual([a, b, a, b, b]);
        expect(places).toEqual([1n, 2n, 3n, 4n, 5n]);
        const { head } = await operator.getHead(whole);
        expect(head).toMatchObject({ cursor, globalPosition: 5n, position: 0n });
        const backwards = await readAll(operator, {
          ...whole,
          start: { case: "beforeCursor", value: "" },
        });
        expect(backwards.map((event) => event.tenantId)).toEqual([b, b, a, b, a]);
      } finally {
        await own.stop();
      }
    });
  });
}
