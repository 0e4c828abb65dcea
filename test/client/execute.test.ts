import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import {
  AggregateRepository,
  AnnalsError,
  connect,
  requireTenant,
  runWithTenant,
  TenantScopedRepository,
} from "@annals/client";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { Order } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";
import { accounts, deposit } from "./support/account.js";
import { startAnswerLosingProxy } from "./support/answer-losing-proxy.js";
import { failureOf } from "./support/failure.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

let id: string;
beforeEach(() => {
  id = randomUUID();
});

const open = (tenant = newTenant(), address = server.grpcAddress) => connect({ address, tenant });

describe("execute", () => {
  test("creates what is not there, and goes on from what is, by command or by function", async () => {
    await using annals = open();
    const repository = new AggregateRepository({ annals, create: accounts.create });
    await repository.execute(id, deposit(1));
    const account = await repository.execute(id, (loaded) => {
      loaded.decide(deposit(2, 3));
    });
    expect(account).toMatchObject({ version: 3n, committedVersion: 3n });
    expect((await repository.load(id)).state.balance).toBe(6);
    expect((await repository.loadOrCreate(id)).version).toBe(3n);
    expect((await repository.loadOrCreate(randomUUID())).version).toBe(0n);
  });

  test("waits for a decide that is asynchronous, and for what it refuses", async () => {
    class SlowOrder extends Order {
      async decide(totalAmount: number): Promise<void> {
        await setTimeout(5);
        if (totalAmount < 0) throw new RangeError("negative");
        this.place("Ann", totalAmount);
      }
    }
    await using annals = open();
    const repository = new AggregateRepository({ annals, create: (own) => new SlowOrder(own) });
    const order = await repository.execute(id, 5);
    expect(order).toMatchObject({ committedVersion: 1n, uncommittedEvents: [] });
    expect((await repository.load(id)).state.totalAmount).toBe(5);
    await expect(repository.execute(id, -1)).rejects.toThrow("negative");
    expect((await repository.load(id)).version).toBe(1n);
  });

  test.each([0, 4])("of 16 racing callers all get their event in, caching %i", async (cached) => {
    await using annals = open();
    const options = { annals, create: accounts.create, maxCachedAggregates: cached };
    const repository = new AggregateRepository(options);
    // Each conflict is somebody's success: fifteen are the most that one caller can meet.
    const calls = Array.from({ length: 16 }, (_, i) =>
      repository.execute(id, deposit(2 ** i), { retries: 15 }),
    );
    await Promise.all(calls);
    const account = await repository.load(id);
    expect(account).toMatchObject({ version: 16n, state: { balance: 2 ** 16 - 1 } });
    expect(await annals.getHead()).toMatchObject({ position: 16n });
  });

  /** A function that is always overtaken, and how often it ran. */
  function overtaken(repository: AggregateRepository<Order>) {
    const attempt = { count: 0 };
    const work = async (order: Order): Promise<void> => {
      attempt.count++;
      order.place("Ann", attempt.count);
      const winner = await repository.loadOrCreate(order.aggregateId);
      winner.place("Bob", 0);
      await repository.save(winner);
    };
    return { attempt, work };
  }

  test("gives up with the conflict after its retries, and each attempt sees the newest state", async () => {
    const tenant = newTenant();
    await using annals = open(tenant);
    const repository = new AggregateRepository({ annals, create: (own) => new Order(own, tenant) });
    const { attempt, work } = overtaken(repository);
    const run = () => repository.execute(id, work, { retries: 2 });
    const error = await failureOf(run, "version_conflict");
    expect(error.details.actualVersion).toBe(3n);
    expect(attempt.count).toBe(3);
    expect((await repository.load(id)).version).toBe(3n);
  });

  test.each([-1, 0.5, Number.NaN, Infinity])("refuses %d retries", async (retries) => {
    await using annals = open();
    const repository = new AggregateRepository({ annals, create: accounts.create });
    await failureOf(() => repository.execute(id, deposit(1), { retries }), "invalid_options");
    expect(await repository.exists(id)).toBe(false);
  });

  test("ends when its signal is aborted between attempts, instead of trying again", async () => {
    await using annals = open();
    const repository = new AggregateRepository({ annals, create: (own) => new Order(own) });
    const { attempt, work } = overtaken(repository);
    const controller = new AbortController();
    const append = annals.append.bind(annals);
    vi.spyOn(annals, "append").mockImplementation(async (...request) => {
      try {
        return await append(...request);
      } catch (conflict) {
        controller.abort();
        throw conflict;
      }
    });
    const { signal } = controller;
    const run = () => repository.execute(id, work, { signal, retries: 1000 });
    const error = await failureOf(run, "cancelled");
    expect(error).toMatchObject({ message: "aborted between attempts", outcomeUnknown: false });
    expect(attempt.count).toBe(1);
  });

  test("what the work throws is thrown, once, and nothing is written", async () => {
    await using annals = open();
    const repository = new AggregateRepository({ annals, create: accounts.create });
    const refused = repository.execute(id, { kind: "withdraw", amount: 1 });
    await expect(refused).rejects.toThrow("insufficient funds");
    expect(await repository.exists(id)).toBe(false);
  });

  test("a save whose answer is lost is sent again, not decided again: it is written once", async () => {
    await using proxy = await startAnswerLosingProxy(server.grpcAddress);
    await using annals = open(newTenant(), proxy.address);
    const repository = new AggregateRepository({ annals, create: accounts.create });
    let runs = 0;
    await repository.execute(id, (account) => {
      runs++;
      account.decide(deposit(5));
      proxy.loseNextAnswer();
    });
    expect(runs).toBe(1);
    expect(await repository.load(id)).toMatchObject({ version: 1n, state: { balance: 5 } });
  });

  test("a save that may have been written stays in doubt when it is refused the next time", async () => {
    await using annals = open();
    const repository = new AggregateRepository({ annals, create: accounts.create });
    const lost = new AnnalsError("unavailable", "cut", {}, { outcomeUnknown: true });
    const refused = new AnnalsError("tenant_suspended", "unpaid", {}, { requestId: "r" });
    const append = vi.spyOn(annals, "append");
    append.mockRejectedValueOnce(lost).mockRejectedValueOnce(refused);
    // While it is in doubt it is saved again: the log knows.
    const account = await repository.execute(id, deposit(5));
    expect(account).toMatchObject({ committedVersion: 1n });
    append.mockRejectedValueOnce(lost).mockRejectedValueOnce(refused);
    const error = await failureOf(
      () => repository.execute(id, deposit(5), { retries: 1 }),
      "tenant_suspended",
    );
    expect(error).toMatchObject({ outcomeUnknown: true, requestId: "r", cause: refused });
  });

  test("of a tenant-scoped repository runs for its tenant, and not on another's aggregate", async () => {
    const [acme, globex] = [newTenant(), newTenant()];
    await using annals = connect({ address: server.grpcAddress, tenant: requireTenant });
    const create = (own: string) => accounts.create(own, requireTenant());
    const scopedTo = (tenant: string) =>
      new TenantScopedRepository(new AggregateRepository({ annals, create }), tenant);
    await runWithTenant(globex, () => scopedTo(acme).execute(id, deposit(5)));
    expect((await scopedTo(acme).loadOrCreate(id)).state.balance).toBe(5);
    await failureOf(() => scopedTo(globex).execute(id, deposit(1)), "foreign_aggregate");
    const wrong = new AggregateRepository({
      annals,
      create: (own) => accounts.create(own, globex),
    });
    let ran = false;
    const mixedUp = new TenantScopedRepository(wrong, acme).execute(randomUUID(), () => {
      ran = true;
    });
    await failureOf(() => mixedUp, "foreign_aggregate");
    expect(ran).toBe(false);
  });
});
