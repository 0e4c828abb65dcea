import { allTenants, type Annals, connect, isAnnalsError, type Tenant } from "@annals/client";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { OrderPlaced } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

function open(tenant: string): Annals {
  const annals = connect({ address: server.grpcAddress, tenant, events: [OrderPlaced] });
  onTestFinished(() => annals.close());
  return annals;
}

const append = (annals: Annals) =>
  annals.append({
    stream: { aggregateType: "Order", aggregateId: "1" },
    expected: "any",
    events: [OrderPlaced.create({ customerName: "Ann", totalAmount: 1 })],
  });

test("an operator configures, describes and lists tenants; a tenant sees itself", async () => {
  const [operator, tenantId] = [open(allTenants), newTenant()];
  await append(open(tenantId));
  const configured = await operator.tenants.configure(tenantId, {
    ...{ displayName: "ACME", features: ["beta"], limits: { eventsPerDay: 5n } },
    expectedRevision: 0n,
  });
  expect(configured).toMatchObject({ eventCount: 1n, lastPosition: 1n, revision: 1n });
  expect(configured.limits).toEqual({ eventsPerDay: 5n });
  expect(await operator.tenants.describe(tenantId)).toEqual(configured);
  const listed: Tenant[] = [];
  for await (const tenant of operator.tenants.list()) listed.push(tenant);
  expect(listed).toContainEqual(configured);
  expect(await open(tenantId).tenants.current()).toMatchObject({
    ...{ tenantId, displayName: "ACME", features: ["beta"] },
    effectiveLimits: { eventsPerDay: 5n },
  });
});

test("what is refused is an error of its own code", async () => {
  const [operator, tenantId] = [open(allTenants), newTenant()];
  const annals = open(tenantId);
  const codeOf = (call: Promise<unknown>) =>
    call.then(
      () => "none",
      (error: unknown) => (isAnnalsError(error) ? error.code : error),
    );
  expect(await codeOf(annals.tenants.describe(tenantId))).toBe("permission_denied");
  expect(await codeOf(operator.tenants.describe("x"))).toBe("invalid_argument");
  await operator.tenants.configure(tenantId, { displayName: "x" });
  const stale = operator.tenants.configure(tenantId, { displayName: "y", expectedRevision: 0n });
  const conflict: unknown = await stale.catch((error: unknown) => error);
  if (!isAnnalsError(conflict, "revision_conflict")) throw conflict;
  expect(conflict.details).toEqual({ expectedRevision: 0n, actualRevision: 1n });

  await operator.tenants.suspend(tenantId, "on holiday");
  const suspended: unknown = await append(annals).catch((error: unknown) => error);
  if (!isAnnalsError(suspended, "tenant_suspended")) throw suspended;
  expect(suspended.message).toContain("on holiday");
  expect(suspended.outcomeUnknown).toBe(false);
  await operator.tenants.resume(tenantId);
  await append(annals);

  await operator.tenants.configure(tenantId, { limits: { eventsPerDay: 1n } });
  const over: unknown = await append(annals).catch((error: unknown) => error);
  if (!isAnnalsError(over, "limit_exceeded")) throw over;
  expect(over.details).toMatchObject({ limit: "tenant_events_per_day", maximum: 1n });
  expect(over.retryAfterMs).toBeGreaterThan(0);
});
