import { randomUUID } from "node:crypto";
import {
  AggregateRepository,
  allTenants,
  type Annals,
  connect,
  type DomainEvent,
  TenantScopedRepository,
  defineProjection,
  on,
} from "@annals/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { Order, OrderPlaced, OrderShipped } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";

const [acme, globex] = [newTenant(), newTenant()];
const whole = { scope: "all-tenants" } as const;

let server: AnnalsServer;
let annalsOf: ReadonlyMap<string, Annals>;
beforeAll(async () => {
  server = await startTestServer();
  const events = [OrderPlaced, OrderShipped];
  annalsOf = new Map(
    [acme, globex, allTenants].map((tenant) => [
      tenant,
      connect({ address: server.grpcAddress, tenant, events }),
    ]),
  );
  await place(acme, 3, 100);
  await place(globex, 2, 200);
});
afterAll(async () => {
  for (const annals of annalsOf.values()) await annals.close();
  await server.stop();
});

async function place(tenant: string, count: number, amount: number): Promise<void> {
  const create = (id: string) => new Order(id, tenant);
  const inner = new AggregateRepository({ annals: annalsOf.get(tenant)!, create });
  const repository = new TenantScopedRepository(inner, tenant);
  for (let i = 0; i < count; i++) {
    await repository.execute(randomUUID(), (order) => {
      order.place(`Customer ${i}`, amount);
    });
  }
}

/** How many orders a projection counts, and what they cost. */
async function summaryOf(events: AsyncIterable<DomainEvent>, tenant?: string) {
  const summary = { count: 0, total: 0 };
  const projection = defineProjection({
    handlers: [
      on(OrderPlaced, (event) => {
        if (tenant !== undefined && event.tenantId !== tenant) return;
        summary.count++;
        summary.total += event.data.totalAmount;
      }),
    ],
    truncate: () => undefined,
  });
  for await (const event of events) await projection.handle(event);
  return summary;
}

describe("a projection for one tenant", () => {
  test("over the tenant's log sees the tenant's orders alone", async () => {
    const of = (tenant: string) => summaryOf(annalsOf.get(tenant)!.readAll());
    expect(await of(acme)).toEqual({ count: 3, total: 300 });
    expect(await of(globex)).toEqual({ count: 2, total: 400 });
  });

  test("over the whole log sees the tenant's orders alone, filtered by itself or by the server", async () => {
    const operator = annalsOf.get(allTenants)!;
    expect(await summaryOf(operator.readAll(whole))).toEqual({ count: 5, total: 700 });
    for (const [tenant, expected] of [
      [acme, { count: 3, total: 300 }],
      [globex, { count: 2, total: 400 }],
    ] as const) {
      expect(await summaryOf(operator.readAll(whole), tenant)).toEqual(expected);
      const filter = { tenantIds: [tenant] };
      expect(await summaryOf(operator.readAll({ ...whole, filter }))).toEqual(expected);
    }
  });
});
