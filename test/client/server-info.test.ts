import { allTenants, connect } from "@annals/client";
import { expect, test } from "vitest";
import { limits } from "#server/domain/limits.js";
import { newTenant, startTestServer } from "../support/server.js";

test("a server says its version, its store, its limits and what may be used", async () => {
  await using server = await startTestServer();
  for (const tenant of [newTenant(), allTenants]) {
    await using annals = connect({ address: server.grpcAddress, tenant });
    const info = await annals.serverInfo();
    expect(info.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(info.store).toBe("memory");
    expect(info.features).toContain("follow");
    expect(info.limits.size).toBe(Object.keys(limits).length);
    expect(info.limits.get("event_bytes")).toBe(BigInt(limits.eventBytes));
  }
});
