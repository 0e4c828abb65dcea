import {
  AggregateRepository,
  AggregateRoot,
  connect,
  defineEvent,
  type EventOf,
  requireTenant,
  runWithTenant,
  TenantScopedRepository,
} from "@annals/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { AnnalsServer } from "#server/compose.js";
import { Order, OrderPlaced, OrderShipped } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";
import { failureOf } from "./support/failure.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const open = (tenant: string | (() => string)) =>
  connect({ address: server.grpcAddress, tenant, events: [OrderPlaced, OrderShipped] });

describe("saving", () => {
  test("what is raised while a save is under way is not lost: the next save writes it", async () => {
    const tenant = newTenant();
    await using annals = open(tenant);
    const repository = new AggregateRepository({ annals, create: (id) => new Order(id, tenant) });
    const order = repository.create("1");
    order.place("Ann", 1);
    const saving = repository.save(order);
    order.ship("T");
    await saving;
    expect(order).toMatchObject({ version: 2n, committedVersion: 1n });
    expect(order.uncommittedEvents.map(({ fact }) => fact.eventType)).toEqual(["OrderShipped"]);
    await repository.save(order);
    expect((await repository.load("1")).state.status).toBe("shipped");
  });

  test("the same aggregate saved twice at once is written once", async () => {
    const tenant = newTenant();
    await using annals = open(tenant);
    const repository = new AggregateRepository({ annals, create: (id) => new Order(id, tenant) });
    const order = repository.create("1");
    order.place("Ann", 1);
    await Promise.all([repository.save(order), repository.save(order)]);
    expect(order).toMatchObject({ version: 1n, committedVersion: 1n, uncommittedEvents: [] });
    order.ship("T");
    await repository.save(order);
    expect(await annals.getHead()).toMatchObject({ position: 2n });
  });

  test("a state may be undefined without becoming the first one again", () => {
    const Closed = defineEvent({ type: "Closed", aggregateType: "Account", schema: z.object({}) });
    class Account extends AggregateRoot<{ open: true } | undefined, EventOf<typeof Closed>> {
      override readonly aggregateType = "Account";
      close(): void {
        this.raise(Closed, {});
      }
      protected override initialState(): { open: true } {
        return { open: true };
      }
      protected override apply(): undefined {
        return undefined;
      }
    }
    const account = new Account("1");
    expect(account.state).toEqual({ open: true });
    account.close();
    expect(account.state).toBeUndefined();
  });
});

describe("a tenant-scoped repository", () => {
  const scopedTo = (tenant: string, annals: ReturnType<typeof open>) =>
    new TenantScopedRepository(
      new AggregateRepository({ annals, create: (id) => new Order(id, tenant) }),
      tenant,
    );

  test("over a client of a different tenant hands nothing out, whatever its aggregates are made for", async () => {
    const [acme, globex] = [newTenant(), newTenant()];
    await using acmeClient = open(acme);
    const order = scopedTo(acme, acmeClient).create("1");
    order.place("Ann", 1);
    await scopedTo(acme, acmeClient).save(order);
    // The mistake: a repository for Globex that was given ACME's client.
    const mixedUp = scopedTo(globex, acmeClient);
    const error = await failureOf(() => mixedUp.load("1"), "foreign_aggregate");
    expect(error.message).toBe("Order belongs to different tenant");
  });

  test("takes the client along: its own tenant beats the context on the wire, too", async () => {
    const [acme, globex] = [newTenant(), newTenant()];
    await using annals = open(requireTenant);
    const repository = scopedTo(acme, annals);
    await runWithTenant(globex, async () => {
      const order = repository.create("1");
      order.place("Ann", 1);
      await repository.save(order);
      expect((await repository.load("1")).tenantId).toBe(acme);
      expect(await repository.exists("1")).toBe(true);
      expect(requireTenant()).toBe(globex);
      expect(await annals.readAll().toArray()).toEqual([]);
    });
    expect(await runWithTenant(acme, () => annals.readAll().toArray())).toHaveLength(1);
  });

  test("knows its tenant in either letter case", async () => {
    const tenant = newTenant().toUpperCase();
    await using annals = open(tenant);
    const repository = scopedTo(tenant, annals);
    const order = repository.create("1");
    order.place("Ann", 1);
    await repository.save(order);
    const loaded = await repository.load("1");
    expect(loaded.tenantId).toBe(tenant.toLowerCase());
    loaded.ship("T");
    await repository.save(loaded);
  });
});
