import {
  type Annals,
  type AnnalsErrorOf,
  connect,
  defineEvent,
  defineProjection,
  type DomainEvent,
  type ErrorCode,
  type EventOf,
  isAnnalsError,
  matchEvent,
  on,
  type RawEvent,
} from "@annals/client";
import { type TenantLimits, TenantLimitsSchema } from "@annals/proto/annals/v1/tenants";
import { expect, expectTypeOf, test } from "vitest";
import { type OrderEvent, OrderPlaced, OrderShipped } from "../support/orders.js";

test("an error's code narrows its details, asked for or switched over", () => {
  const check = (error: unknown): void => {
    if (isAnnalsError(error, "version_conflict")) {
      expectTypeOf(error.details.actualVersion).toEqualTypeOf<bigint>();
    }
    if (!isAnnalsError(error)) return;
    expectTypeOf(error).toEqualTypeOf<AnnalsErrorOf<ErrorCode>>();
    switch (error.code) {
      case "unreadable_event":
        expectTypeOf(error.details.position).toEqualTypeOf<bigint>();
        break;
      case "limit_exceeded":
        expectTypeOf(error.details.limit).toEqualTypeOf<string>();
        break;
      default:
        expectTypeOf(error.details).not.toHaveProperty("position");
    }
  };
  expect(() => {
    check(undefined);
  }).not.toThrow();
});

test("positions are bigints, and the data of an event of no known kind is unknown", () => {
  expectTypeOf<DomainEvent["position"]>().toEqualTypeOf<bigint>();
  expectTypeOf<DomainEvent["globalPosition"]>().toEqualTypeOf<bigint | undefined>();
  expectTypeOf<DomainEvent["data"]>().toEqualTypeOf<unknown>();
});

const nowhere = { address: "127.0.0.1:1", tenant: "t" };
const annals = connect({ ...nowhere, events: [OrderPlaced, OrderShipped] });
const stream = { aggregateType: "Order", aggregateId: "1" };

/** Compiled, never run. */
const compiles = (check: (event: never) => unknown): void => {
  expect(check).toBeTypeOf("function");
};

test("an event's name narrows what a reader gets, whatever it does with unknown ones", () => {
  compiles(async () => {
    for await (const event of annals.read(stream)) {
      if (event.eventType === "OrderPlaced") {
        expectTypeOf(event.data).toEqualTypeOf<{ customerName: string; totalAmount: number }>();
      }
      // @ts-expect-error -- the data is that of no certain event yet
      expectTypeOf(event.data.totalAmount).toBeNumber();
    }
    for await (const { events } of annals.readAll({ unknownEvents: "raw" }).pages()) {
      for (const event of events) {
        switch (event.eventType) {
          case "OrderPlaced":
            expectTypeOf(event.data.totalAmount).toEqualTypeOf<number>();
            break;
          case "OrderShipped":
            expectTypeOf(event.data.trackingNumber).toEqualTypeOf<string>();
            break;
          default:
            expectTypeOf(event).toEqualTypeOf<RawEvent>();
        }
      }
    }
    for await (const event of annals.subscribe({ unknownEvents: "skip" })) {
      switch (event.eventType) {
        case "OrderPlaced":
        case "OrderShipped":
          break;
        default:
          event satisfies never;
      }
      // @ts-expect-error -- a name that no definition has
      expect(event.eventType === "OrderPaced").toBe(true);
    }
    const events = await annals.getEventsByType("Order", { unknownEvents: "fail" }).toArray();
    expectTypeOf(events).toEqualTypeOf<OrderEvent[]>();
  });
});

test("a missing case fails to compile, in a switch and in a match", () => {
  compiles((event: OrderEvent) => {
    switch (event.eventType) {
      case "OrderPlaced":
        return 1;
      default:
        // @ts-expect-error -- OrderShipped is not handled
        return event satisfies never;
    }
  });
  compiles((event: OrderEvent) =>
    // @ts-expect-error -- OrderShipped is missing
    matchEvent(event, { OrderPlaced: () => 1 }),
  );
  compiles((event: OrderEvent) =>
    matchEvent(event, {
      OrderPlaced: ({ data }) => data.totalAmount,
      OrderShipped: () => 0,
      // @ts-expect-error -- there is no such event
      OrderLost: () => 0,
    }),
  );
});

test("a match gives the event to the case of its name", () => {
  const matched = (event: OrderEvent): string =>
    matchEvent(event, {
      OrderPlaced: ({ data }) => data.customerName,
      OrderShipped: ({ data }) => data.trackingNumber,
    });
  const event = OrderShipped.create({ trackingNumber: "T" }) as unknown as OrderEvent;
  expect(matched(event)).toBe("T");
  const foreign = { ...event, eventType: "toString" } as never;
  expect(() => matched(foreign)).toThrow("toString has no case");
});

test("a handler of another event's data fails to compile", () => {
  const onPlaced = (event: EventOf<typeof OrderPlaced>): void => {
    expect(event.data.totalAmount).toBe(1);
  };
  expectTypeOf(
    on(OrderPlaced, ({ data }) => {
      expect(data.totalAmount).toBe(1);
    }),
  ).toHaveProperty("handle");
  on(OrderShipped, ({ data }) => {
    // @ts-expect-error -- OrderShipped has no totalAmount
    expect(data.totalAmount).toBe(1);
  });
  // @ts-expect-error -- takes a different event
  on(OrderShipped, onPlaced);
  // @ts-expect-error -- a handler needs the event that it is for
  expect(() => defineProjection({ handlers: [() => 0], truncate: () => undefined })).toThrow();
});

test("data of a protobuf message is the message, with its bigints", () => {
  const LimitsSet = defineEvent({
    type: "LimitsSet",
    aggregateType: "Tenant",
    message: TenantLimitsSchema,
  });
  expectTypeOf<EventOf<typeof LimitsSet>["data"]>().toEqualTypeOf<TenantLimits>();
  expect(LimitsSet.create({ eventsPerDay: 5n }).data.eventsPerDay).toBe(5n);
  // @ts-expect-error -- a number is no bigint
  expect(() => LimitsSet.create({ eventsPerDay: 0.5 })).toThrow();
});

test("a client of certain events is a client; one without definitions takes any name", () => {
  expectTypeOf(annals).toExtend<Annals>();
  const loose = connect(nowhere);
  expectTypeOf(loose).toEqualTypeOf<Annals>();
  compiles((event: DomainEvent) => event.eventType === "Anything");
});
