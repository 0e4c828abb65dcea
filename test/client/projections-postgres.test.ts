import { setImmediate as turn } from "node:timers/promises";
import type { ProjectionClaim, ProjectionStore } from "@annals/client";
import { openPostgresProjectionStore, type PostgresClient } from "@annals/client/postgres";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startTestPostgres, type TestPostgres } from "../support/postgres.js";
import { failureOf } from "./support/failure.js";

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

interface Opened {
  readonly pool: pg.Pool;
  readonly store: ProjectionStore<PostgresClient>;
  readonly claim: ProjectionClaim;
  readonly counted: () => Promise<unknown[]>;
}

async function open(): Promise<Opened> {
  const pool = new pg.Pool({ connectionString: await postgres.newDatabase() });
  pool.on("error", () => undefined); // the database may stop before a connection that was destroyed
  onTestFinished(() => pool.end());
  await pool.query("CREATE TABLE counted (n int)");
  const store = await openPostgresProjectionStore(pool);
  const claim = (await store.acquire("counters", undefined))!;
  const counted = async (): Promise<unknown[]> =>
    (await pool.query<{ n: number }>("SELECT n FROM counted ORDER BY n")).rows;
  return { pool, store, claim, counted };
}

/** What handlers get is all that `pg` has. */
type Client = PostgresClient & Pick<pg.PoolClient, "query" | "release">;

const insert = "INSERT INTO counted VALUES ($1)";

test("what is called once the transaction has ended is refused where its caller looks", async () => {
  const { store, claim, counted } = await open();
  let late: Promise<unknown> | undefined;
  let given: Client | undefined;
  const overItsTime = store.write(claim, (transaction) => {
    given = transaction as Client;
    // Behind the ROLLBACK it would be a transaction of its own.
    late = turn()
      .then(() => transaction.query(insert, [1]))
      .catch((error: unknown) => error);
    return Promise.reject(new Error("over its time"));
  });
  await expect(overItsTime).rejects.toThrow("over its time");
  expect(await late).toMatchObject({ code: "closed" });
  const told = await new Promise((resolve) => {
    given!.query(insert, [2], resolve);
  });
  expect(told).toMatchObject({ code: "closed" });
  expect(() => {
    given!.release();
  }).toThrow("the transaction has ended");
  expect(await counted()).toEqual([]);
});

test("a handler may prepare its statements, and call back", async () => {
  const { store, claim, counted } = await open();
  await store.write(claim, async (transaction) => {
    const client = transaction as Client;
    for (const n of [1, 2]) await client.query({ name: "count", text: insert, values: [n] });
    await new Promise<void>((resolve, reject) => {
      client.query(insert, [3], (error: Error | null) => {
        if (error) reject(error);
        else resolve();
      });
    });
    return { place: "3/" };
  });
  expect(await counted()).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
});

test("the place is looked up once a transaction in doubt has ended", async () => {
  const { pool, store, claim } = await open();
  const inDoubt = await pool.connect();
  onTestFinished(() => {
    inDoubt.release(true);
  });
  await inDoubt.query("BEGIN; UPDATE annals_projection SET place = '1/'");
  const place = store.placeOf(claim);
  const waiting = "SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted";
  await expect
    .poll(async () => (await inDoubt.query(waiting)).rows as unknown)
    .toEqual([{ waiting: 1 }]);
  await inDoubt.query("COMMIT");
  expect(await place).toBe("1/");
});

test.each(["COMMIT", "ROLLBACK", "ROLLBACK AND CHAIN", "COMMIT; BEGIN"])(
  "a place is not written where the work has ended its transaction: %s",
  async (end) => {
    const { store, claim } = await open();
    const ended = store.write(claim, async (transaction) => {
      await transaction.query(insert, [1]);
      await transaction.query(end);
      return { place: "1/" };
    });
    await expect(ended).rejects.toThrow("ended inside the work");
    expect(await store.placeOf(claim)).toBeUndefined();
    const undone = store.write(claim, async (transaction) => {
      await transaction.query("SAVEPOINT part");
      await transaction.query("ROLLBACK TO part");
      return { place: "1/" };
    });
    await undone;
    expect(await store.placeOf(claim)).toBe("1/");
  },
);

test("who is superseded is told so, and not that the transaction was ended", async () => {
  const { store, claim } = await open();
  await store.acquire("counters", undefined);
  await failureOf(
    () => store.write(claim, () => Promise.resolve({ place: "1/" })),
    "projection_superseded",
  );
});
