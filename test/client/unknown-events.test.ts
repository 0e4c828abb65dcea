import {
  AggregateRepository,
  type Annals,
  connect,
  createMemoryProjectionStore,
  defineEvent,
  type DomainEvent,
  ProjectionRunner,
  type UnknownEvents,
} from "@annals/client";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import type { AnnalsServer } from "#server/compose.js";
import { appendTo, clientOf, newEvent } from "../support/client.js";
import { Order, OrderPlaced, OrderShipped } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";
import { failureOf } from "./support/failure.js";

let server: AnnalsServer;
const tenant = newTenant();
beforeAll(async () => {
  server = await startTestServer();
  const data = new TextEncoder().encode('{"customerName":"Ann","totalAmount":1}');
  await clientOf(server.grpcAddress, tenant).append(
    appendTo("1", undefined, [
      newEvent({ data }),
      newEvent({ eventType: "Strange", data: Uint8Array.of(1, 2), contentType: "application/x" }),
      newEvent({ data }),
    ]),
  );
});
afterAll(() => server.stop());

const stream = { aggregateType: "Order", aggregateId: "1" };

async function takeLive(events: AsyncIterable<DomainEvent>): Promise<DomainEvent[]> {
  const taken: DomainEvent[] = [];
  for await (const event of events) {
    taken.push(event);
    if (event.position === 3n) break;
  }
  return taken;
}

const readers: Record<string, (annals: Annals, choice: UnknownEvents) => Promise<DomainEvent[]>> = {
  read: (annals, unknownEvents) => annals.read(stream, { unknownEvents }).toArray(),
  readAll: (annals, unknownEvents) => annals.readAll({ unknownEvents }).toArray(),
  getEventsByType: (annals, unknownEvents) =>
    annals.getEventsByType("Order", { unknownEvents }).toArray(),
  "read with follow": (annals, unknownEvents) =>
    takeLive(annals.read(stream, { unknownEvents, follow: true })),
  subscribe: (annals, unknownEvents) => takeLive(annals.subscribe({ unknownEvents })),
};

describe.each(Object.entries(readers))("%s over an event of an unknown type", (_name, run) => {
  const open = () => connect({ address: server.grpcAddress, tenant, events: [OrderPlaced] });

  test("fails, with a typed error that names it and its place", async () => {
    await using annals = open();
    const error = await failureOf(() => run(annals, "fail"), "unknown_event_type");
    expect(error.details).toMatchObject({
      eventType: "Strange",
      aggregateType: "Order",
      position: 2n,
    });
  });

  test("skips it", async () => {
    await using annals = open();
    const events = await run(annals, "skip");
    expect(events.map(({ position }) => position)).toEqual([1n, 3n]);
  });

  test("passes its bytes and content type", async () => {
    await using annals = open();
    const [, strange] = await run(annals, "raw");
    expect(strange).toMatchObject({
      eventType: "Strange",
      data: Uint8Array.of(1, 2),
      contentType: "application/x",
    });
  });
});

test("a page of skipped events says where to go on", async () => {
  await using annals = connect({ address: server.grpcAddress, tenant, events: [] });
  const options = { unknownEvents: "skip", limit: 2 } as const;
  const places: [number, bigint | string][] = [];
  for await (const { events, resumeFrom } of annals.readAll(options).pages()) {
    places.push([events.length, resumeFrom]);
  }
  expect(places.every(([events]) => events === 0)).toBe(true);
  expect(places.at(-1)?.[1]).toBe(2n);
});

describe("a projection over an event of an unknown type", () => {
  /** Runs until it is live or has failed. */
  async function project(unknownEvents: UnknownEvents) {
    await using annals = connect({ address: server.grpcAddress, tenant, events: [OrderPlaced] });
    const seen: bigint[] = [];
    let settled: () => void = () => undefined;
    const done = new Promise<void>((resolve) => (settled = resolve));
    const runner = new ProjectionRunner(annals, {
      name: "orders",
      store: createMemoryProjectionStore(),
      projection: {
        handle: ({ position }) => {
          seen.push(position);
        },
        truncate: () => undefined,
      },
      unknownEvents,
      onReport: (report) => {
        if (report.kind !== "state") return;
        if (report.state === "live" || report.state === "failed") settled();
      },
    });
    runner.start();
    await done;
    const { state, error } = await runner.health();
    await runner.stop();
    return { seen, state, error };
  }

  test("takes it, or passes over it, as it chooses", async () => {
    expect(await project("json")).toMatchObject({ seen: [1n, 2n, 3n], state: "live" });
    expect(await project("skip")).toMatchObject({ seen: [1n, 3n], state: "live" });
  });

  test("that may not be there fails, and says why", async () => {
    const { seen, state, error } = await project("fail");
    expect([seen, state]).toEqual([[1n], "failed"]);
    expect(error).toMatchObject({ code: "unknown_event_type" });
  });
});

describe("an aggregate with an event of an unknown type", () => {
  const Raised = defineEvent({
    type: "PriceRaised",
    aggregateType: "Order",
    schema: z.object({ by: z.number() }),
  });

  test("applies it, passes over it, or fails, as its repository says", async () => {
    const tenant = newTenant();
    const annals = connect({
      ...{ address: server.grpcAddress, tenant },
      events: [OrderPlaced, OrderShipped],
    });
    onTestFinished(() => annals.close());
    const orders = (unknownEvents: "json" | "skip" | "fail") =>
      new AggregateRepository({ annals, create: (id) => new Order(id, tenant), unknownEvents });
    const order = orders("json").create("1");
    order.place("Ann", 1);
    await orders("json").save(order);
    const stream = { aggregateType: "Order", aggregateId: "1" };
    await annals.append({ stream, expected: 1n, events: [Raised.create({ by: 1 })] });
    // Order takes whatever is not placed for shipped.
    expect(await orders("json").load("1")).toMatchObject({
      state: { status: "shipped" },
      version: 2n,
    });
    const skipping = orders("skip");
    const skipped = await skipping.load("1");
    expect(skipped).toMatchObject({ state: { status: "placed" }, version: 2n });
    skipped.ship("T");
    await skipping.save(skipped);
    expect(await skipping.load("1")).toMatchObject({ state: { status: "shipped" }, version: 3n });
    await failureOf(() => orders("fail").load("1"), "unknown_event_type");
  });
});
