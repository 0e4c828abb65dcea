import { createClient } from "@connectrpc/connect";
import { Tenants } from "@annals/proto/annals/v1/tenants";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { appendTo, clientOf, failureOf, grpcTransport, readAll } from "../support/client.js";
import { startTestPostgres, type TestPostgres } from "../support/postgres.js";
import { newTenant, startTestServer } from "../support/server.js";

let postgres: TestPostgres;
let url: string;
let servers: readonly [AnnalsServer, AnnalsServer];
beforeAll(async () => {
  postgres = await startTestPostgres();
  url = await postgres.newDatabase();
  const start = () => startTestServer({ store: url, migrate: "true" });
  servers = [await start(), await start()];
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await postgres[Symbol.asyncDispose]();
});

const adminOf = (server: AnnalsServer) =>
  createClient(Tenants, grpcTransport(server.grpcAddress, { "x-tenant-id": "*" }));

/** Looks again and again, for the second that a change may take. */
const soon = { timeout: 1_500, interval: 25 };

test("a change made on one server holds on the other, and after a restart", async () => {
  const [here, there] = servers;
  const tenantId = newTenant();
  await adminOf(here).configureTenant({
    tenantId,
    displayName: "ACME",
    limits: { pageEvents: 2n },
  });
  const seen = async () => (await adminOf(there).describeTenant({ tenantId })).tenant;
  await expect.poll(seen, soon).toMatchObject({ displayName: "ACME", revision: 1n });
  expect((await seen())?.effectiveLimits?.pageEvents).toBe(2n);
  await adminOf(there).configureTenant({ tenantId, displayName: "ACME Ltd", expectedRevision: 1n });

  const later = await startTestServer({ store: url });
  try {
    const { tenant } = await adminOf(later).describeTenant({ tenantId });
    expect(tenant).toMatchObject({ displayName: "ACME Ltd", revision: 2n });
  } finally {
    await later.stop();
  }
});

test("a suspension ends the streams that other servers have open, and bars their calls", async () => {
  const [here, there] = servers;
  const tenantId = newTenant();
  const client = clientOf(there.grpcAddress, tenantId);
  await client.append(appendTo("x"));
  const following = (async () => {
    for await (const { answer } of client.readAll({ follow: true })) {
      if (answer.case === "caughtUp") await adminOf(here).suspendTenant({ tenantId, reason: "r" });
    }
  })();
  expect((await failureOf(following)).message).toContain("suspended");
  expect((await failureOf(client.append(appendTo("x")))).message).toContain("suspended");
  await adminOf(here).resumeTenant({ tenantId });
  await expect
    .poll(
      () =>
        client.append(appendTo("x")).then(
          () => "let in",
          () => "refused",
        ),
      soon,
    )
    .toBe("let in");
});

test("a day's events count on all servers together", async () => {
  const tenantId = newTenant();
  await adminOf(servers[0]).configureTenant({ tenantId, limits: { eventsPerDay: 4n } });
  const clients = servers.map((server) => clientOf(server.grpcAddress, tenantId));
  const [a, b] = clients as [(typeof clients)[0], (typeof clients)[0]];
  const knows = async () => (await adminOf(servers[1]).describeTenant({ tenantId })).tenant;
  await expect.poll(knows, soon).toMatchObject({ revision: 1n });
  await a.append(appendTo("x"));
  await b.append(appendTo("x"));
  await a.append(appendTo("x"));
  await a.append(appendTo("x"));
  const refused = () =>
    b.append(appendTo("y")).then(
      () => "let in",
      () => "refused",
    );
  await expect.poll(refused, soon).toBe("refused");
  expect((await readAll(a)).length).toBeLessThanOrEqual(6);
});
