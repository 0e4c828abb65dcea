import {
  AggregateRepository,
  connect,
  createMemoryProjectionStore,
  defineProjection,
  on,
  ProjectionRunner,
  withCausation,
  withMetadata,
} from "@annals/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { Order, OrderPlaced, OrderShipped } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const open = () => connect({ address: server.grpcAddress, tenant: newTenant() });
const place = () => OrderPlaced.create({ customerName: "Ann", totalAmount: 1 });
const ship = (options = {}) => OrderShipped.create({ trackingNumber: "T" }, options);
const stream = { aggregateType: "Order", aggregateId: "1" };

describe("a chain of events", () => {
  test("begins its correlation with its first event, and names the cause of each", async () => {
    const first = place();
    expect(first).toMatchObject({ correlationId: undefined, causationId: undefined });
    const second = await withCausation(first, async () => {
      await Promise.resolve();
      return ship();
    });
    expect(second).toMatchObject({ correlationId: first.eventId, causationId: first.eventId });
    const third = withCausation(second, () => ship());
    expect(third).toMatchObject({ correlationId: first.eventId, causationId: second.eventId });
    expect(ship().causationId).toBeUndefined();
  });

  test("is what an event says of itself, where it says something", () => {
    const own = withCausation(place(), () => ship({ correlationId: "mine", causationId: "me" }));
    expect(own).toMatchObject({ correlationId: "mine", causationId: "me" });
  });

  test("side by side is not mixed up", async () => {
    const causes = Array.from({ length: 50 }, place);
    const effects = await Promise.all(
      causes.map((cause) =>
        withCausation(cause, async () => {
          await new Promise(setImmediate);
          return ship();
        }),
      ),
    );
    expect(effects.map(({ causationId }) => causationId)).toEqual(
      causes.map(({ eventId }) => eventId),
    );
  });
});

test("metadata of contexts adds up, the inner before the outer, the event's own before both", () => {
  const event = withMetadata({ user: "ann", via: "web", a: "outer" }, () =>
    withMetadata({ via: "job", a: "inner" }, () => ship({ metadata: { a: "own" } })),
  );
  expect(event.metadata).toEqual({ user: "ann", via: "job", a: "own" });
  expect(ship().metadata).toEqual({});
});

test("what a follower makes of an event, through an aggregate too, has it as its cause", async () => {
  await using annals = open();
  const placed = place();
  await annals.append({ stream, expected: "no_stream", events: [placed] });
  const orders = new AggregateRepository({ annals, create: (id) => new Order(id) });
  await annals.readAll().forEach(async (event) => {
    const order = await orders.load(event.aggregateId);
    order.ship("T");
    await orders.save(order);
  });
  const [, shipped] = await annals.read(stream).toArray();
  expect(shipped).toMatchObject({ correlationId: placed.eventId, causationId: placed.eventId });
});

test("what a projection's handler appends has the event as its cause", async () => {
  await using annals = open();
  const placed = place();
  await annals.append({ stream, expected: "no_stream", events: [placed] });
  let done: () => void = () => undefined;
  const shippedOnce = new Promise<void>((resolve) => (done = resolve));
  const projection = defineProjection({
    handlers: [
      on(OrderPlaced, async () => {
        await annals.append({ stream, expected: 1n, events: [ship()] });
        done();
      }),
    ],
    truncate: () => undefined,
  });
  const runner = new ProjectionRunner(annals, {
    name: "shipper",
    projection,
    store: createMemoryProjectionStore(),
  });
  runner.start();
  await shippedOnce;
  await runner.stop();
  const [, shipped] = await annals.read(stream).toArray();
  expect(shipped).toMatchObject({ correlationId: placed.eventId, causationId: placed.eventId });
});
