import {
  AggregateRepository,
  type Annals,
  connect,
  defineDecider,
  type FactOf,
} from "@annals/client";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { OrderPlaced } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";
import { type AccountCommand, accounts, Deposited, deposit, Withdrawn } from "./support/account.js";
import { failureOf } from "./support/failure.js";

let server: AnnalsServer;
let annals: Annals;
const tenant = newTenant();
beforeAll(async () => {
  server = await startTestServer();
  annals = connect({ address: server.grpcAddress, tenant });
});
afterAll(async () => {
  await annals.close();
  await server.stop();
});

describe("deciders", () => {
  const repositoryOf = (create = accounts.create) => new AggregateRepository({ annals, create });

  test("are created, saved, loaded and found to exist by the repository of classes", async () => {
    const repository = repositoryOf();
    const account = repository.create("saved");
    account.decide(deposit(5, 7));
    account.decide({ kind: "withdraw", amount: 2 });
    expect(account).toMatchObject({ version: 3n, committedVersion: 0n });
    expect(await repository.exists("saved")).toBe(false);
    await repository.save(account);
    expect(await repository.exists("saved")).toBe(true);
    const loaded = await repository.load("saved");
    expect(loaded).toMatchObject({ version: 3n, state: { balance: 10, movements: 3 } });
  });

  test("a command that is refused, or to which nothing happens, raises nothing", () => {
    const account = accounts.create("1");
    expect(() => {
      account.decide({ kind: "withdraw", amount: 1 });
    }).toThrow("insufficient funds");
    account.decide(deposit());
    expect(account).toMatchObject({ version: 0n, uncommittedEvents: [] });
  });

  test("an event of another kind of aggregate is refused, and those beside it", async () => {
    const mixedUp = defineDecider({
      aggregateType: "Account",
      events: [Deposited, OrderPlaced],
      initialState: () => 0,
      decide: () => [
        Deposited.create({ amount: 1 }),
        OrderPlaced.create({ customerName: "Ann", totalAmount: 1 }),
      ],
      evolve: (state) => state + 1,
    }).create("1");
    const error = await failureOf(() => {
      mixedUp.decide(undefined);
    }, "invalid_event");
    expect(error.details.problem).toBe("is an event of Order, not of Account");
    expect(mixedUp).toMatchObject({ version: 0n, state: 0, uncommittedEvents: [] });
  });

  test("of several events none is raised when evolve throws at a later one", () => {
    const counter = defineDecider({
      aggregateType: "Account",
      events: [Deposited],
      initialState: () => 0,
      decide: (amounts: readonly number[]) => amounts.map((amount) => Deposited.create({ amount })),
      evolve: (sum, { data }) => {
        if (data.amount < 0) throw new RangeError("negative");
        return sum + data.amount;
      },
    }).create("1");
    counter.decide([1, 2]);
    const raised = counter.uncommittedEvents.map(({ fact }) => fact.aggregateVersion);
    expect(raised).toEqual([1n, 2n]);
    expect(() => {
      counter.decide([3, 4, -1]);
    }).toThrow("negative");
    expect(counter).toMatchObject({ version: 2n, committedVersion: 0n, state: 3 });
    expect(counter.uncommittedEvents).toHaveLength(2);
  });

  test("an event in the stream that the decider does not name is refused, not skipped", async () => {
    await repositoryOf().execute("unknown", deposit(5));
    await repositoryOf().execute("unknown", { kind: "withdraw", amount: 1 });
    const older = defineDecider({
      aggregateType: "Account",
      events: [Deposited],
      initialState: () => ({ balance: 0 }),
      decide: () => [],
      evolve: ({ balance }, { data }) => ({ balance: balance + data.amount }),
    });
    const repository = new AggregateRepository({ annals, create: older.create });
    const error = await failureOf(() => repository.load("unknown"), "invalid_event");
    expect(error.details.eventType).toBe("Withdrawn");
  });

  test("an event's type narrows its data, and only a decider's own commands compile", () => {
    expectTypeOf<FactOf<typeof OrderPlaced>["data"]>().toEqualTypeOf<{
      customerName: string;
      totalAmount: number;
    }>();
    expectTypeOf<FactOf<typeof Deposited | typeof Withdrawn>["eventType"]>().toEqualTypeOf<
      "Deposited" | "Withdrawn"
    >();
    type Repository = ReturnType<typeof repositoryOf>;
    expectTypeOf<Parameters<Repository["execute"]>[1]>().toEqualTypeOf<
      AccountCommand | ((account: ReturnType<typeof accounts.create>) => unknown)
    >();
    const bad = (): unknown =>
      defineDecider({
        aggregateType: "Account",
        events: [Deposited],
        initialState: () => 0,
        // @ts-expect-error not one of its events
        decide: () => Withdrawn.create({ amount: 1 }),
        evolve: (state) => state,
      });
    expect(bad).not.toThrow();
  });
});
