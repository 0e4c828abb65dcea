import { randomUUID } from "node:crypto";
import { AggregateRepository, type Annals, connect } from "@annals/client";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { newTenant, startTestServer } from "../support/server.js";
import { accounts, accountState, deposit } from "./support/account.js";

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

const create = (id: string) => accounts.create(id, tenant);
const snapshots = { schema: accountState, every: 3 };

const step = fc.record({
  /** Which repository does it. */
  by: fc.nat(3),
  amounts: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
});

test("cached or not, from a snapshot or replayed in full: the state is the same after every step", async () => {
  const run = async (steps: readonly { by: number; amounts: number[] }[]): Promise<void> => {
    const id = randomUUID();
    const repositories = [
      new AggregateRepository({ annals, create }),
      new AggregateRepository({ annals, create, maxCachedAggregates: 1 }),
      new AggregateRepository({ annals, create, snapshots }),
      new AggregateRepository({ annals, create, snapshots, maxCachedAggregates: 1 }),
    ];
    let [balance, movements] = [0, 0];
    for (const { by, amounts } of steps) {
      await repositories[by]!.execute(id, deposit(...amounts));
      balance += amounts.reduce((sum, amount) => sum + amount, 0);
      movements += amounts.length;
      for (const repository of repositories) {
        const { state, version } = await repository.loadOrCreate(id);
        expect({ state, version }).toEqual({
          state: { balance, movements },
          version: BigInt(movements),
        });
      }
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), run), {
    numRuns: 25,
  });
});
