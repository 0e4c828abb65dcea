import { AggregateRepository, type Annals, connect, type DomainEvent } from "@annals/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { newTenant, startTestServer } from "../support/server.js";
import { accounts, deposit } from "./support/account.js";
import { failureOf } from "./support/failure.js";

let server: AnnalsServer;
let annals: Annals;
beforeAll(async () => {
  server = await startTestServer();
  annals = connect({ address: server.grpcAddress, tenant: newTenant() });
});
afterAll(async () => {
  await annals.close();
  await server.stop();
});

describe("an aggregate as it was", () => {
  const repository = () => new AggregateRepository({ annals, create: accounts.create });

  test("at a version; one that is not reached yet gives it as it is", async () => {
    await repository().execute("versions", deposit(1, 2, 4));
    const at = async (asOf: bigint) => (await repository().load("versions", { asOf })).state;
    expect(await at(1n)).toEqual({ balance: 1, movements: 1 });
    expect(await at(2n)).toEqual({ balance: 3, movements: 2 });
    expect(await at(9n)).toEqual({ balance: 7, movements: 3 });
    await failureOf(() => at(0n), "invalid_argument");
  });

  test("at a time of recording, inclusive; before its first event there was none", async () => {
    const events: DomainEvent[] = [];
    const stream = { aggregateType: "Account", aggregateId: "times" };
    do {
      await repository().execute("times", deposit(1));
      events.splice(0, events.length, ...(await annals.read(stream).toArray()));
    } while (events.at(-1)!.recordedAt <= events[0]!.recordedAt); // until two are apart
    for (const { recordedAt } of events) {
      const balance = events.filter((event) => event.recordedAt <= recordedAt).length;
      const account = await repository().load("times", { asOf: recordedAt });
      expect(account.state.balance).toBe(balance);
    }
    const before = new Date(events[0]!.recordedAt.getTime() - 1);
    await failureOf(() => repository().load("times", { asOf: before }), "aggregate_not_found");
  });

  test("cannot be saved over what came after", async () => {
    await repository().execute("past", deposit(1, 2));
    const past = await repository().load("past", { asOf: 1n });
    past.decide(deposit(5));
    await failureOf(() => repository().save(past), "version_conflict");
  });
});
