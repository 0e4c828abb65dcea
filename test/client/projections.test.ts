import {
  AnnalsError,
  connect,
  DeclarativeProjection,
  defineProjection,
  type EventOf,
  handles,
  on,
} from "@annals/client";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { OrderPlaced, OrderShipped } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

class OrderSummary extends DeclarativeProjection {
  readonly status = new Map<string, string>();

  @handles(OrderPlaced)
  onPlaced(event: EventOf<typeof OrderPlaced>): void {
    this.status.set(event.aggregateId, `placed by ${event.data.customerName}`);
  }

  @handles(OrderShipped)
  async onShipped(event: EventOf<typeof OrderShipped>): Promise<void> {
    await Promise.resolve();
    this.status.set(event.aggregateId, `shipped as ${event.data.trackingNumber}`);
  }

  override truncate(): Promise<void> {
    this.status.clear();
    return Promise.resolve();
  }
}

async function eventsOf(): Promise<Parameters<OrderSummary["handle"]>[0][]> {
  const events = [OrderPlaced, OrderShipped];
  await using annals = connect({ address: server.grpcAddress, tenant: newTenant(), events });
  const append = (aggregateId: string, event: ReturnType<typeof OrderPlaced.create>) =>
    annals.append({
      stream: { aggregateType: "Order", aggregateId },
      expected: "any",
      events: [event],
    });
  await append("1", OrderPlaced.create({ customerName: "Ann", totalAmount: 1 }));
  await append("2", OrderPlaced.create({ customerName: "Bob", totalAmount: 2 }));
  await annals.append({
    stream: { aggregateType: "Order", aggregateId: "1" },
    expected: "any",
    events: [OrderShipped.create({ trackingNumber: "T" })],
  });
  await annals.append({
    stream: { aggregateType: "Invoice", aggregateId: "1" },
    expected: "any",
    events: [{ ...OrderPlaced.create({ customerName: "No", totalAmount: 0 }) }],
  });
  return await annals.readAll().toArray();
}

describe("declarative projections", () => {
  test("each event goes to its handler, awaited, in order; others are passed over", async () => {
    const projection = new OrderSummary();
    for (const event of await eventsOf()) await projection.handle(event);
    expect(Object.fromEntries(projection.status)).toEqual({
      1: "shipped as T",
      2: "placed by Bob",
    });
  });

  test("truncating and replaying gives the same read model", async () => {
    const events = await eventsOf();
    const projection = new OrderSummary();
    for (const event of events) await projection.handle(event);
    const before = new Map(projection.status);
    await projection.truncate();
    expect(projection.status.size).toBe(0);
    for (const event of events) await projection.handle(event);
    expect(projection.status).toEqual(before);
  });

  test("a subclass inherits its parent's handlers and adds its own", async () => {
    class Base extends DeclarativeProjection {
      placed = 0;
      @handles(OrderPlaced)
      onPlaced(): void {
        this.placed++;
      }
      override truncate(): Promise<void> {
        this.placed = 0;
        return Promise.resolve();
      }
    }
    class Extended extends Base {
      shipped = 0;
      @handles(OrderShipped)
      onShipped(): void {
        this.shipped++;
      }
    }
    const projection = new Extended();
    for (const event of await eventsOf()) await projection.handle(event);
    expect(projection).toMatchObject({ placed: 2, shipped: 1 });
    const base = new Base();
    for (const event of await eventsOf()) await base.handle(event);
    expect(base.placed).toBe(2);
  });

  test("two handlers for one kind of event are refused", () => {
    class Twice extends DeclarativeProjection {
      @handles(OrderPlaced)
      one(): void {
        return;
      }
      @handles(OrderPlaced)
      two(): void {
        return;
      }
      override truncate(): Promise<void> {
        return Promise.resolve();
      }
    }
    expect(() => new Twice()).toThrow(AnnalsError);
    const handler = on(OrderPlaced, () => undefined);
    expect(() =>
      defineProjection({ handlers: [handler, handler], truncate: () => undefined }),
    ).toThrow(AnnalsError);
  });

  test("without a class it is the same", async () => {
    let revenue = 0;
    const projection = defineProjection({
      handlers: [on(OrderPlaced, (event) => void (revenue += event.data.totalAmount))],
      truncate: () => {
        revenue = 0;
      },
    });
    for (const event of await eventsOf()) await projection.handle(event);
    expect(revenue).toBe(3);
    await projection.truncate();
    expect(revenue).toBe(0);
  });

  test("a handler's failure reaches the caller, who has not gone on", async () => {
    const projection = defineProjection({
      handlers: [
        on(OrderPlaced, () => {
          throw new Error("read model is down");
        }),
      ],
      truncate: () => undefined,
    });
    const [event] = await eventsOf();
    await expect(projection.handle(event!)).rejects.toThrow("read model is down");
  });

  test("types: a handler for another event's data does not compile", () => {
    class Wrong extends DeclarativeProjection {
      // @ts-expect-error -- the event that is declared is not the one that is taken
      @handles(OrderPlaced)
      onPlaced(event: EventOf<typeof OrderShipped>): void {
        expect(event).toBeUndefined();
      }
      override truncate(): Promise<void> {
        return Promise.resolve();
      }
    }
    expect(new Wrong()).toBeInstanceOf(DeclarativeProjection);
    on(OrderPlaced, (event) => {
      expectTypeOf(event.data).not.toHaveProperty("trackingNumber");
    });
  });
});
