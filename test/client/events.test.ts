import {
  AnnalsError,
  connect,
  defineEvent,
  type DomainEvent,
  type EventOf,
  isAnnalsError,
} from "@annals/client";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { AnnalsServer } from "#server/compose.js";
import { appendTo, clientOf, newEvent } from "../support/client.js";
import { OrderPlaced, OrderShipped } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const stream = { aggregateType: "Order", aggregateId: "1" };
const open = (tenant = newTenant(), events = [OrderPlaced, OrderShipped]) =>
  connect({ address: server.grpcAddress, tenant, events });

describe("defining events", () => {
  test("data that does not fit is refused when the event is made, with the type and the reason", () => {
    const make = () => OrderPlaced.create({ customerName: "Ann", totalAmount: "12" as never });
    expect(make).toThrow(AnnalsError);
    try {
      make();
    } catch (error) {
      if (!isAnnalsError(error, "invalid_event_data")) throw error;
      expect(error.details.eventType).toBe("OrderPlaced");
      expect(error.details.problem).toContain("totalAmount");
    }
  });

  test("what JSON would corrupt is refused: a bigint, a date, NaN, a circle, nothing at all", () => {
    const loose = (schema: z.ZodType) =>
      defineEvent({ type: "Loose", aggregateType: "Order", schema });
    const circle: { self?: unknown } = {};
    circle.self = circle;
    for (const [schema, data] of [
      [z.object({ n: z.bigint() }), { n: 1n }],
      [z.object({ at: z.date() }), { at: new Date() }],
      [z.object({ n: z.number() }), { n: Number.NaN }],
      [z.any(), circle],
      [z.any(), undefined],
    ] as const) {
      expect(() => loose(schema).create(data)).toThrow("data of Loose");
    }
  });

  test("a schema may transform: the log holds what was given, readers get what it becomes", async () => {
    const Dated = defineEvent({
      type: "Dated",
      aggregateType: "Order",
      schema: z.object({ on: z.iso.date().transform((text) => new Date(text)) }),
    });
    const event = Dated.create({ on: "2026-01-02" });
    expect(event.data.on).toEqual(new Date("2026-01-02"));
    await using annals = connect({
      address: server.grpcAddress,
      tenant: newTenant(),
      events: [Dated],
    });
    await annals.append({ stream, expected: "any", events: [event] });
    const [read] = await annals.read(stream).toArray();
    expect(read?.data).toEqual({ on: new Date("2026-01-02") });
  });

  test("types: the event's name narrows its data", () => {
    type Event = EventOf<typeof OrderPlaced> | EventOf<typeof OrderShipped>;
    const event = {} as Event;
    if (event.eventType === "OrderShipped") {
      expectTypeOf(event.data).toEqualTypeOf<{ trackingNumber: string }>();
    }
    // @ts-expect-error -- data of another shape does not compile
    expect(() => OrderShipped.create({ tracking: 1 })).toThrow();
  });
});

describe("appending and reading", () => {
  test("every field of an event comes back, typed and frozen", async () => {
    const tenant = newTenant();
    await using annals = open(tenant);
    const event = OrderPlaced.create(
      { customerName: "Ünï 😀", totalAmount: 12.5 },
      {
        metadata: { user: "ann" },
        correlationId: "flow",
        causationId: "cause",
        tags: ["vip"],
        occurredAt: new Date("2020-01-02T03:04:05.678Z"),
      },
    );
    const result = await annals.append({ stream, expected: "no_stream", events: [event] });
    expect(result).toMatchObject({ version: 1n, firstPosition: 1n, deduplicated: false });
    const [read] = await annals.read(stream).toArray();
    expect(read).toEqual({
      eventId: event.eventId,
      eventType: "OrderPlaced",
      aggregateType: "Order",
      aggregateId: "1",
      tenantId: tenant,
      aggregateVersion: 1n,
      position: 1n,
      globalPosition: undefined,
      occurredAt: new Date("2020-01-02T03:04:05.678Z"),
      recordedAt: result.recordedAt,
      data: { customerName: "Ünï 😀", totalAmount: 12.5 },
      metadata: { user: "ann" },
      correlationId: "flow",
      causationId: "cause",
      tags: ["vip"],
    });
    expect(typeof read?.position).toBe("bigint");
    expect(Object.isFrozen(read)).toBe(true);
    expect(await annals.getEvent(event.eventId)).toEqual(read);
    expect(await annals.getStream(stream)).toMatchObject({ version: 1n });
    expect(await annals.getHead()).toMatchObject({ position: 1n, cursor: "" });
  });

  test("appending the same events again is safe: their ids are theirs", async () => {
    await using annals = open();
    const events = [OrderPlaced.create({ customerName: "Ann", totalAmount: 1 })];
    const request = { stream, expected: "no_stream", events } as const;
    const first = await annals.append(request);
    expect(await annals.append(request)).toEqual({ ...first, deduplicated: true });
  });

  test("an event that does not fit its definition is an error that names it, and nothing else fails", async () => {
    const tenant = newTenant();
    const raw = clientOf(server.grpcAddress, tenant);
    const data = new TextEncoder().encode('{"customerName":1}');
    await raw.append(appendTo("1", undefined, [newEvent({ data })]));
    await raw.append(appendTo("1", undefined, [newEvent({ data: new Uint8Array([0xff]) })]));
    await using annals = open(tenant);
    const error: unknown = await annals
      .read(stream)
      .toArray()
      .catch((reason: unknown) => reason);
    if (!isAnnalsError(error, "unreadable_event")) throw error;
    expect(error.details).toMatchObject({ eventType: "OrderPlaced", position: 1n });
    expect(await annals.getHead()).toMatchObject({ position: 2n });
  });

  test("types that are not defined come as what their JSON says, or as bytes", async () => {
    const tenant = newTenant();
    const raw = clientOf(server.grpcAddress, tenant);
    const bytes = new Uint8Array([1, 2, 3]);
    await raw.append(
      appendTo("1", undefined, [
        newEvent({ eventType: "A", data: new TextEncoder().encode("[1]") }),
        newEvent({ eventType: "B", data: bytes, contentType: "application/x-b" }),
      ]),
    );
    await using annals = open(tenant);
    const data = (await annals.readAll().toArray()).map((event: DomainEvent) => event.data);
    expect(data).toEqual([[1], bytes]);
  });

  test("pages say where to resume, over many pages and with a filter", async () => {
    await using annals = open();
    for (let i = 0; i < 25; i++) {
      const events = [
        OrderPlaced.create({ customerName: `c${i}`, totalAmount: i }),
        OrderShipped.create({ trackingNumber: `t${i}` }),
      ];
      await annals.append({ stream, expected: "any", events });
    }
    const filter = { eventTypes: ["OrderShipped"] };
    const seen: bigint[] = [];
    let after: bigint | string = 0n;
    for (;;) {
      let got = 0;
      for await (const page of annals.readAll({ after, filter, limit: 10 }).pages()) {
        after = page.resumeFrom;
        got += page.events.length;
        seen.push(...page.events.map(({ position }) => position));
      }
      if (got === 0) break;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => BigInt(2 * i + 2)));
    expect(after).toBe(50n);
    const backwards = await annals.readAll({ before: 0n, limit: 2 }).toArray();
    expect(backwards.map(({ position }) => position)).toEqual([50n, 49n]);
    const byType = await annals.getEventsByType("Order", { pageSize: 7 }).toArray();
    expect(byType).toHaveLength(50);
  });
});
