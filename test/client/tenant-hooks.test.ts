import {
  AggregateRepository,
  connect,
  currentTenant,
  type TenantAccess,
  type TenantHooks,
  TenantScopedRepository,
} from "@annals/client";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { Order } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";
import { failureOf } from "./support/failure.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

function ordersOf(tenant: string, hooks: TenantHooks<Order>): TenantScopedRepository<Order> {
  const annals = connect({ address: server.grpcAddress, tenant });
  onTestFinished(() => annals.close());
  const inner = new AggregateRepository({ annals, create: (id) => new Order(id, tenant) });
  return new TenantScopedRepository(inner, tenant, hooks);
}

test("an application's own limit refuses a save, and nothing is written", async () => {
  const tenant = newTenant();
  const largest = new Map([[tenant, 100]]);
  const asked: (string | undefined)[] = [];
  const orders = ordersOf(tenant, {
    beforeSave: async (order, tenantId) => {
      await Promise.resolve();
      asked.push(currentTenant());
      if (order.state.totalAmount > largest.get(tenantId)!) throw new Error("order too large");
    },
  });
  const small = orders.create("small");
  small.place("Ann", 100);
  await orders.save(small);
  await orders.save(small); // nothing new: not asked
  const large = orders.create("large");
  large.place("Ann", 101);
  await expect(orders.save(large)).rejects.toThrow("order too large");
  const executed = orders.execute("executed", (order) => {
    order.place("Ann", 102);
  });
  await expect(executed).rejects.toThrow("order too large");
  expect(await Promise.all(["small", "large", "executed"].map((id) => orders.exists(id)))).toEqual([
    true,
    false,
    false,
  ]);
  expect(asked).toEqual([tenant, tenant, tenant]);
});

test("every access is told, with who asked and how it went; a hook that throws changes nothing", async () => {
  const [acme, globex] = [newTenant(), newTenant()];
  const accesses: TenantAccess[] = [];
  const onAccess = (access: TenantAccess): void => {
    accesses.push(access);
    throw new Error("the audit is broken");
  };
  const [ours, theirs] = [ordersOf(acme, { onAccess }), ordersOf(globex, { onAccess })];
  const order = ours.create("1");
  order.place("Ann", 1);
  await ours.save(order);
  await ours.load("1");
  const denied = await failureOf(() => theirs.load("1"), "foreign_aggregate");
  await failureOf(() => theirs.save(order), "foreign_aggregate");
  await failureOf(() => ours.load("none"), "aggregate_not_found");
  await ours.execute("1", (found) => {
    found.ship("T");
  });
  const of = { aggregateType: "Order", aggregateId: "1" };
  expect(accesses).toMatchObject([
    { action: "save", outcome: "allowed", tenantId: acme, ...of },
    { action: "load", outcome: "allowed", tenantId: acme, ...of },
    { action: "load", outcome: "denied", tenantId: globex, ...of, error: denied },
    { action: "save", outcome: "denied", tenantId: globex, ...of },
    { action: "load", outcome: "failed", tenantId: acme, aggregateId: "none" },
    { action: "save", outcome: "allowed", tenantId: acme, ...of },
  ]);
});
