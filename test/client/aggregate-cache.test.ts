import { randomUUID } from "node:crypto";
import { AggregateRepository, connect, requireTenant, runWithTenant } from "@annals/client";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { newTenant, startTestServer } from "../support/server.js";
import { type AccountCommand, accounts, Deposited, deposit } from "./support/account.js";
import { failureOf } from "./support/failure.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** A caching repository, one beside it that does not cache, and from which versions the first reads. */
function openPair(maxCachedAggregates: number) {
  const tenant = newTenant();
  const annals = connect({ address: server.grpcAddress, tenant });
  const others = connect({ address: server.grpcAddress, tenant });
  const create = (id: string) => accounts.create(id, tenant);
  const cached = new AggregateRepository({ annals, create, maxCachedAggregates });
  const reads = vi.spyOn(annals, "read");
  return {
    cached,
    plain: new AggregateRepository({ annals: others, create }),
    readFrom: () => reads.mock.calls.splice(0).map(([, options]) => options?.fromVersion),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([annals.close(), others.close()]);
    },
  };
}

describe("a repository with a cache", () => {
  test("reads only the tail: what was saved or loaded before is not read again", async () => {
    await using pair = openPair(10);
    const { cached, plain, readFrom } = pair;
    const id = randomUUID();
    await cached.execute(id, deposit(1, 2, 3));
    await plain.execute(id, deposit(4));
    readFrom();
    expect(await cached.load(id)).toMatchObject({ version: 4n, state: { balance: 10 } });
    expect(await cached.load(id)).toMatchObject({ version: 4n, state: { balance: 10 } });
    expect(readFrom()).toEqual([3n, 4n]);
  });

  test.each([-1, 0.5, Number.NaN, Infinity])("of %d aggregates is refused", async (count) => {
    await failureOf(() => openPair(count), "invalid_options");
  });

  test("forgets the one used longest ago when there are too many", async () => {
    await using pair = openPair(2);
    const { cached, readFrom } = pair;
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
    await cached.execute(a, deposit(1));
    await cached.execute(b, deposit(1));
    await cached.load(a);
    await cached.execute(c, deposit(1));
    readFrom();
    for (const id of [a, c, b]) await cached.load(id);
    expect(readFrom()).toEqual([1n, 1n, undefined]);
  });

  test("drops what a conflict has shown to be old", async () => {
    await using pair = openPair(10);
    const { cached, plain, readFrom } = pair;
    const id = randomUUID();
    const stale = await cached.execute(id, deposit(1));
    await plain.execute(id, deposit(2));
    stale.decide(deposit(4));
    await failureOf(() => cached.save(stale), "version_conflict");
    readFrom();
    expect((await cached.load(id)).state.balance).toBe(3);
    expect(readFrom()).toEqual([undefined]);
  });

  test("never gives what was raised and not saved", async () => {
    await using pair = openPair(10);
    const id = randomUUID();
    const account = await pair.cached.execute(id, deposit(1));
    account.decide(deposit(2));
    expect((await pair.cached.load(id)).state.balance).toBe(1);
  });

  test.each([
    ["known to its aggregates", true],
    ["known only to the client", false],
  ])("keeps tenants apart, whose tenant is %s, even by the same event id", async (_, known) => {
    const [acme, globex] = [newTenant(), newTenant()];
    await using annals = connect({ address: server.grpcAddress, tenant: requireTenant });
    const create = (id: string) => accounts.create(id, known ? requireTenant() : undefined);
    const cached = new AggregateRepository({ annals, create, maxCachedAggregates: 10 });
    const [aggregateId, eventId] = [randomUUID(), randomUUID()];
    const open = async (amount: number) =>
      annals.append({
        stream: { aggregateType: "Account", aggregateId },
        expected: "no_stream",
        events: [Deposited.create({ amount }, { eventId })],
      });
    await runWithTenant(acme, () => open(1));
    await runWithTenant(globex, () => open(2));
    const balanceOf = async (tenant: string) =>
      (await runWithTenant(tenant, () => cached.load(aggregateId))).state.balance;
    for (let round = 0; round < 2; round++) {
      expect(await balanceOf(acme)).toBe(1);
      expect(await balanceOf(globex)).toBe(2);
    }
  });

  test("a tenant is not given what another has in the cache", async () => {
    const [acme, globex] = [newTenant(), newTenant()];
    await using annals = connect({ address: server.grpcAddress, tenant: requireTenant });
    const options = { annals, create: accounts.create, maxCachedAggregates: 10 };
    const cached = new AggregateRepository(options);
    const id = randomUUID();
    const command: AccountCommand = deposit(1);
    await runWithTenant(acme, () => cached.execute(id, command));
    await runWithTenant(acme, () => cached.load(id));
    await runWithTenant(globex, () => failureOf(() => cached.load(id), "foreign_stream"));
  });
});
