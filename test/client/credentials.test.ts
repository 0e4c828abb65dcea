import { allTenants, connect, requireTenant, runWithTenant } from "@annals/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { startTestServer } from "../support/server.js";
import { startFakeServer } from "./support/fake-server.js";
import { failureOf } from "./support/failure.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const whole = { scope: "all-tenants" } as const;

describe("credentials", () => {
  test("a call waits for them no longer than its deadline, or its signal", async () => {
    const never = () => new Promise<string>(() => undefined);
    await using annals = connect({ address: server.grpcAddress, token: never });
    await failureOf(() => annals.getHead({ deadlineMs: 30 }), "deadline_exceeded");
    await failureOf(() => annals.getHead({ signal: AbortSignal.timeout(30) }), "cancelled");
    const reading = annals.readAll({ signal: AbortSignal.timeout(30) });
    await failureOf(() => reading.toArray(), "cancelled");
  });

  test("a tenant that a function gives is never all tenants, and never none", async () => {
    await using annals = connect({ address: server.grpcAddress, tenant: requireTenant });
    for (const wrong of [allTenants, ""]) {
      const read = () => runWithTenant(wrong, () => annals.readAll(whole).toArray());
      await failureOf(read, "tenant_required");
    }
    await using operator = connect({ address: server.grpcAddress, tenant: allTenants });
    expect(await operator.readAll(whole).toArray()).toEqual([]);
  });

  test("a token that is no header value is not shown in the error", async () => {
    await using annals = connect({ address: server.grpcAddress, token: "sec\nret" });
    const error = await failureOf(() => annals.getHead(), "unauthenticated");
    expect(error.outcomeUnknown).toBe(false);
    expect(`${error.message} ${error.stack ?? ""} ${String(error.cause)}`).not.toContain("ret");
  });

  test("a client closed while it waits for a token opens no connection", async () => {
    await using fake = await startFakeServer();
    let give: (token: string) => void = () => undefined;
    const token = new Promise<string>((resolve) => (give = resolve));
    const annals = connect({ address: fake.address, token: () => token });
    const call = annals.getHead();
    await annals.close();
    give("late");
    const error = await failureOf(() => call, "closed");
    expect(error.outcomeUnknown).toBe(false);
    expect(fake.connections).toBe(0);
  });
});
