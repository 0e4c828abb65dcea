import { afterAll, beforeAll, expect, test } from "vitest";
import { appendTo, clientOf, failureOf } from "../support/client.js";
import { scrape } from "../support/metrics.js";
import { startTestPostgres, type TestPostgres } from "../support/postgres.js";
import { newTenant, startTestServer } from "../support/server.js";

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

test.skipIf(process.env["DATABASE_URL"])(
  "the database goes down and comes back: everybody is told, nobody restarts anything, followers go on",
  async () => {
    const store = await postgres.newDatabase();
    await using server = await startTestServer({
      ...{ store, migrate: "true", metricsAddress: "127.0.0.1:0" },
      ...{ postgresConnectTimeoutMs: "500" },
    });
    const client = clientOf(server.grpcAddress, newTenant());
    const ready = async () => (await fetch(`http://${server.httpAddress}/readyz`)).status;
    const alive = async () => (await fetch(`http://${server.httpAddress}/healthz`)).status;
    const metric = async (name: string) => (await scrape(server.metricsAddress)).value(name);

    const seen: bigint[] = [];
    const stopped = new AbortController();
    const following = (async () => {
      const steps = client.readAll({ follow: true }, { signal: stopped.signal });
      for await (const { answer } of steps) {
        if (answer.case === "page") seen.push(...answer.value.events.map((e) => e.position));
      }
    })();
    await client.append(appendTo("1"));
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual([1n]);
    expect([await ready(), await metric("annals_store_up")]).toEqual([200, 1]);

    await postgres.process!.stop();
    await expect.poll(ready, { timeout: 10_000 }).toBe(503);
    expect([await alive(), await metric("annals_store_up")]).toEqual([200, 0]);
    const before = await metric("annals_failed_commits_total");
    expect(await failureOf(client.append(appendTo("1")))).toMatchObject({ code: "Unavailable" });
    expect(await failureOf(client.getHead({}))).toMatchObject({ code: "Unavailable" });
    expect(await metric("annals_failed_commits_total")).toBe(before + 1);

    await postgres.process!.start();
    await expect.poll(ready, { timeout: 20_000 }).toBe(200);
    expect(await metric("annals_store_up")).toBe(1);
    expect(await metric("annals_store_check_seconds")).toBeGreaterThan(0);
    const { lastPosition } = await client.append(appendTo("1"));
    expect(lastPosition).toBe(2n);
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual([1n, 2n]);

    stopped.abort();
    await expect(following).rejects.toThrow();
  },
  60_000,
);
