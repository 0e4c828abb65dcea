import { randomUUID } from "node:crypto";
import {
  AggregateRepository,
  type Annals,
  AnnalsError,
  connect,
  isAnnalsError,
  runWithTenant,
  TenantScopedRepository,
} from "@annals/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { Order, OrderPlaced, OrderShipped } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";

let server: AnnalsServer;
const clients: Annals[] = [];
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await server.stop();
});

function open(tenant: string): Annals {
  const events = [OrderPlaced, OrderShipped];
  const client = connect({ address: server.grpcAddress, tenant, events });
  clients.push(client);
  return client;
}

function repositoryOf(tenant: string, annals = open(tenant)): AggregateRepository<Order> {
  return new AggregateRepository({ annals, create: (id) => new Order(id, tenant) });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => expect.fail("it was expected to fail"),
    (reason: unknown) => reason,
  );
  if (!isAnnalsError(error)) throw error;
  return error.code;
}

describe("aggregates", () => {
  test("are saved, loaded and saved again, their version going on", async () => {
    const tenant = newTenant();
    const repository = repositoryOf(tenant);
    const order = repository.create(randomUUID());
    expect(order.state.status).toBe("draft");
    order.place("Ann", 100);
    order.ship("T-1");
    expect(order).toMatchObject({ version: 2n, committedVersion: 0n });
    expect(order.uncommittedEvents.map(({ fact }) => fact.aggregateVersion)).toEqual([1n, 2n]);
    await repository.save(order);
    expect(order).toMatchObject({ version: 2n, committedVersion: 2n, uncommittedEvents: [] });

    const loaded = await repositoryOf(tenant).load(order.aggregateId);
    expect(loaded.state).toEqual({ status: "shipped", totalAmount: 100 });
    expect(loaded).toMatchObject({ version: 2n, tenantId: tenant });
    expect(await repository.exists(order.aggregateId)).toBe(true);
  });

  test("one that is not there is not found, and does not exist", async () => {
    const repository = repositoryOf(newTenant());
    expect(await codeOf(repository.load(randomUUID()))).toBe("aggregate_not_found");
    expect(await repository.exists(randomUUID())).toBe(false);
  });

  test("of two that were loaded at one version the second to save conflicts, and stays as it was", async () => {
    const repository = repositoryOf(newTenant());
    const order = repository.create(randomUUID());
    order.place("Ann", 1);
    await repository.save(order);
    const [first, second] = [
      await repository.load(order.aggregateId),
      await repository.load(order.aggregateId),
    ];
    first.ship("first");
    second.ship("second");
    await repository.save(first);
    expect(await codeOf(repository.save(second))).toBe("version_conflict");
    expect(second.uncommittedEvents).toHaveLength(1);
    expect((await repository.load(order.aggregateId)).version).toBe(2n);
  });

  test("a save whose answer was lost can be repeated: it is written once", async () => {
    const tenant = newTenant();
    const annals = open(tenant);
    const order = new Order(randomUUID(), tenant);
    order.place("Ann", 1);
    // The write happens, the answer is lost.
    await annals.append({
      stream: order,
      expected: "no_stream",
      events: order.uncommittedEvents.map(({ event }) => event),
    });
    const repository = repositoryOf(tenant, annals);
    await repository.save(order);
    expect(order.uncommittedEvents).toEqual([]);
    expect(await annals.read(order).toArray()).toHaveLength(1);
  });

  test("saving nothing sends nothing", async () => {
    const tenant = newTenant();
    const annals = open(tenant);
    await repositoryOf(tenant, annals).save(new Order(randomUUID(), tenant));
    expect((await annals.getHead()).position).toBe(0n);
  });

  test("raising an event of another kind of aggregate, or bad data, is refused and changes nothing", () => {
    const order = new Order("1");
    expect(() => {
      order.raiseForeign();
    }).toThrow(AnnalsError);
    expect(() => {
      order.place(1 as never, 1);
    }).toThrow("OrderPlaced");
    expect(order).toMatchObject({ version: 0n, uncommittedEvents: [] });
  });

  test("replaying another aggregate's event, or one with a gap before it, is refused", async () => {
    const tenant = newTenant();
    const repository = repositoryOf(tenant);
    const order = repository.create("one");
    order.place("Ann", 1);
    order.ship("T");
    await repository.save(order);
    const [placed, shipped] = await open(tenant).read(order).toArray();
    expect(() => {
      new Order("other").replay(placed!);
    }).toThrow("not of Order other");
    expect(() => {
      new Order("one").replay(shipped!);
    }).toThrow("has version 2, after 0");
  });
});

describe("tenant-scoped repositories", () => {
  const acme = newTenant();
  const globex = newTenant();
  const scoped = (tenant: string) => new TenantScopedRepository(repositoryOf(tenant), tenant);

  async function placed(repository: TenantScopedRepository<Order>, amount = 100): Promise<Order> {
    const order = repository.create(randomUUID());
    order.place("Alice", amount);
    await repository.save(order);
    return order;
  }

  test("a tenant cannot load another's aggregate: the server says so", async () => {
    const order = await placed(scoped(acme));
    const error: unknown = await scoped(globex)
      .load(order.aggregateId)
      .catch((reason: unknown) => reason);
    if (!isAnnalsError(error, "foreign_aggregate")) throw error;
    expect(error.message).toBe("Order belongs to different tenant");
    expect(isAnnalsError(error.cause, "foreign_stream")).toBe(true);
    expect(await scoped(globex).exists(order.aggregateId)).toBe(false);
    expect(await scoped(acme).exists(order.aggregateId)).toBe(true);
  });

  test("a tenant cannot save another's aggregate, and nothing is sent", async () => {
    const acmeRepository = scoped(acme);
    const loaded = await acmeRepository.load((await placed(acmeRepository)).aggregateId);
    loaded.ship("T");
    const before = (await open(globex).getHead()).position;
    const error: unknown = await scoped(globex)
      .save(loaded)
      .catch((reason: unknown) => reason);
    expect(isAnnalsError(error, "foreign_aggregate")).toBe(true);
    expect(String(error)).toContain("cannot save Order from different tenant");
    expect((await open(globex).getHead()).position).toBe(before);
    expect((await acmeRepository.load(loaded.aggregateId)).version).toBe(1n);
  });

  test("an aggregate made for another tenant is refused", () => {
    const mixedUp = new TenantScopedRepository(repositoryOf(globex), acme);
    expect(() => mixedUp.create("1")).toThrow("different tenant");
  });

  test("without a tenant of its own it takes that of the context; its own beats the context", async () => {
    const fromContext = new TenantScopedRepository(repositoryOf(acme));
    const order = await runWithTenant(acme, () => placed(fromContext));
    expect(await codeOf(fromContext.load(order.aggregateId))).toBe("tenant_required");
    expect(await codeOf(runWithTenant(globex, () => fromContext.load(order.aggregateId)))).toBe(
      "foreign_aggregate",
    );
    const own = scoped(acme);
    const loaded = await runWithTenant(globex, () => own.load(order.aggregateId));
    expect(loaded.tenantId).toBe(acme);
  });

  test("queries by tenant are apart: counts, and every event's tenant", async () => {
    const [a, b] = [newTenant(), newTenant()];
    for (let i = 0; i < 5; i++) await placed(scoped(a));
    for (let i = 0; i < 3; i++) await placed(scoped(b));
    for (const [tenant, count] of [
      [a, 5],
      [b, 3],
    ] as const) {
      const events = await open(tenant).getEventsByType("Order").toArray();
      expect(events).toHaveLength(count);
      expect(events.every((event) => event.tenantId === tenant)).toBe(true);
    }
  });
});
