import { join } from "node:path";
import {
  allTenants,
  connect,
  createMemoryProjectionStore,
  type DeadLetter,
  type ProjectionStore,
} from "@annals/client";
import { openPostgresProjectionStore } from "@annals/client/postgres";
import { openSqliteProjectionStore } from "@annals/client/sqlite";
import { DatabaseSync } from "@photostructure/sqlite";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { startTestPostgres, type TestPostgres } from "../support/postgres.js";
import { newTenant, startTestServer } from "../support/server.js";
import { tempFolder } from "../support/temp-folder.js";
import { failureOf } from "./support/failure.js";

let server: AnnalsServer;
let postgres: TestPostgres;
beforeAll(async () => {
  [server, postgres] = await Promise.all([startTestServer(), startTestPostgres()]);
});
afterAll(async () => {
  await server.stop();
  await postgres[Symbol.asyncDispose]();
});

/** A store for one tenant's projections, and that tenant. */
interface Opened {
  readonly store: ProjectionStore<unknown>;
  readonly tenantId: string;
}

const onServer = (scope: "tenant" | "all-tenants"): Opened => {
  const tenantId = newTenant();
  const tenant = scope === "tenant" ? tenantId : allTenants;
  const annals = connect({ address: server.grpcAddress, tenant });
  onTestFinished(() => annals.close());
  return { store: annals.projections.store(scope), tenantId };
};

const stores: Record<string, () => Opened | Promise<Opened>> = {
  memory: () => ({ store: createMemoryProjectionStore(), tenantId: newTenant() }),
  sqlite: () => {
    const database = new DatabaseSync(join(tempFolder(), "orders.db"));
    onTestFinished(() => {
      database.close();
    });
    return { store: openSqliteProjectionStore(database), tenantId: newTenant() };
  },
  postgres: async () => {
    const pool = new pg.Pool({ connectionString: await postgres.newDatabase() });
    onTestFinished(() => pool.end());
    return { store: await openPostgresProjectionStore(pool), tenantId: newTenant() };
  },
  server: () => onServer("tenant"),
  "server, all tenants": () => onServer("all-tenants"),
};

const day = 86_400_000;

describe.each(Object.keys(stores))("where progress is kept: %s", (name) => {
  const open = () => stores[name]!();
  /** The server keeps the names of all operators together. */
  const projection = `orders-${newTenant()}`;

  const write = (
    store: ProjectionStore<unknown>,
    claim: Parameters<ProjectionStore<unknown>["write"]>[0],
    place: string,
    deadLetter?: DeadLetter,
  ) => store.write(claim, () => Promise.resolve({ place, ...(deadLetter && { deadLetter }) }));

  test("a place is kept for the next claim, and the older claim writes no more", async () => {
    const { store } = await open();
    const first = (await store.acquire(`${projection}-1`, undefined))!;
    expect(first.place).toBeUndefined();
    expect(await store.placeOf(first)).toBeUndefined();
    await write(store, first, "1/");
    expect(await store.placeOf(first)).toBe("1/");
    const second = (await store.acquire(`${projection}-1`, undefined))!;
    expect(second.place).toBe("1/");
    expect(second.fence).toBeGreaterThan(first.fence);
    for (const call of [
      () => write(store, first, "2/"),
      () => store.renew(first, day),
      () => store.placeOf(first),
    ]) {
      await failureOf(call, "projection_superseded");
    }
    await store.release(first);
    expect(await store.placeOf(second)).toBe("1/");
  });

  test("a lease keeps others out until it is released, or its time is over", async () => {
    const { store } = await open();
    const first = (await store.acquire(`${projection}-2`, day))!;
    expect(await store.acquire(`${projection}-2`, day)).toBeUndefined();
    await store.renew(first, day);
    expect(await store.acquire(`${projection}-2`, day)).toBeUndefined();
    await store.release(first);
    const second = await store.acquire(`${projection}-2`, 5);
    expect(second).toBeDefined();
    await expect.poll(() => store.acquire(`${projection}-2`, day)).toBeDefined();
  });

  test("of racing claims with a lease one wins", async () => {
    const { store } = await open();
    const claims = await Promise.all(
      Array.from({ length: 6 }, () => store.acquire(`${projection}-3`, day)),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  test("dead letters: one for each event, until it is removed", async () => {
    const { store, tenantId } = await open();
    const claim = (await store.acquire(`${projection}-4`, undefined))!;
    const letters = Array.from({ length: 3 }, (_, i) => ({
      tenantId,
      eventId: newTenant(),
      position: BigInt(i + 1),
      attempts: 5,
      error: "poison ünd 😀",
    }));
    for (const [i, letter] of letters.entries()) await write(store, claim, `${i}/`, letter);
    await write(store, claim, "3/", { ...letters[0]!, attempts: 7 });
    const byPosition = async () =>
      (await store.listDeadLetters(`${projection}-4`)).toSorted((a, b) =>
        Number(a.position - b.position),
      );
    expect(await byPosition()).toEqual([{ ...letters[0]!, attempts: 7 }, letters[1], letters[2]]);
    await store.removeDeadLetter(`${projection}-4`, tenantId, letters[1]!.eventId);
    await store.removeDeadLetter(`${projection}-4`, tenantId, letters[1]!.eventId);
    expect((await byPosition()).map(({ position }) => position)).toEqual([1n, 3n]);
    expect(await store.listDeadLetters(`${projection}-none`)).toEqual([]);
  });

  test("work that throws leaves the place as it was", async () => {
    const { store } = await open();
    const claim = (await store.acquire(`${projection}-5`, undefined))!;
    await write(store, claim, "1/");
    const failing = store.write(claim, () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(await store.placeOf(claim)).toBe("1/");
  });
});

test("what a handler writes after its time is over is in nobody else's transaction: PostgreSQL", async () => {
  const pool = new pg.Pool({ connectionString: await postgres.newDatabase(), max: 1 });
  onTestFinished(() => pool.end());
  const store = await openPostgresProjectionStore(pool);
  const claim = (await store.acquire("orders", undefined))!;
  await pool.query("CREATE TABLE late (n int)");
  let writeLate = (): Promise<unknown> => Promise.resolve();
  const timedOut = store.write(claim, (client) => {
    writeLate = async () => client.query("INSERT INTO late VALUES (1)");
    return Promise.reject(new Error("its time is over"));
  });
  await expect(timedOut).rejects.toThrow("its time is over");
  await store.write(claim, async () => {
    await writeLate().catch(() => undefined);
    return { place: "1/" };
  });
  expect((await pool.query("SELECT * FROM late")).rows).toEqual([]);
});

test("dead letters on the server are all listed, more than a page of them too", async () => {
  const { store, tenantId } = onServer("tenant");
  const claim = (await store.acquire("orders", undefined))!;
  for (let i = 1; i <= 101; i++) {
    const letter = { tenantId, eventId: newTenant(), position: BigInt(i), attempts: 1, error: "e" };
    await store.write(claim, () => Promise.resolve({ place: `${i}/`, deadLetter: letter }));
  }
  expect(await store.listDeadLetters("orders")).toHaveLength(101);
});
