import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { AnnalsError } from "#server/domain/error.js";
import type { TenantId } from "#server/domain/tenant.js";
import { deadline } from "#server/interceptors/deadline.js";
import { expiry } from "#server/interceptors/expiry.js";
import type { Identity } from "#server/interceptors/identity.js";
import { recheck } from "#server/interceptors/recheck.js";
import { refuseSuspended } from "#server/interceptors/suspension.js";
import { Suspicion } from "#server/interceptors/suspicion.js";
import { newTenant } from "./support/store-input.js";
import { newIdentity, TestCall } from "./support/test-call.js";

/** An open stream of a tenant, whose credential is looked at every millisecond. */
function openStream(how: (tenantId: TenantId) => Identity) {
  const [call, tenantId] = [new TestCall("streaming"), newTenant()];
  call.identity = newIdentity({ tenants: [tenantId] });
  call.tenantId = tenantId;
  const looked = vi.fn(() => how(tenantId));
  const suspicion = new Suspicion({ threshold: 1_000, windowMs: 1_000, blockMs: 0 });
  void recheck(looked, suspicion, 1).enter?.(call);
  onTestFinished(() => {
    call.ended();
  });
  return { call, looked };
}

test("a stream ends when its credential no longer allows its tenant", async () => {
  const { call } = openStream(() => newIdentity({ tenants: [newTenant()] }));
  await expect.poll(() => call.reason).toMatchObject({ failure: { reason: "permission_denied" } });
});

test("a stream does not end because the keys cannot be read just now", async () => {
  const { call, looked } = openStream(() => {
    const description = "the keys cannot be read";
    throw new AnnalsError({ reason: "unavailable", description, outcomeUnknown: false });
  });
  await expect.poll(() => looked.mock.calls.length).toBeGreaterThan(3);
  expect(call.aborted).toBe(false);
});

test("the credential of a stream that has ended is looked at no more", async () => {
  const { call, looked } = openStream((tenantId) => newIdentity({ tenants: [tenantId] }));
  await expect.poll(() => looked.mock.calls.length).toBeGreaterThan(0);
  call.ended();
  looked.mockClear();
  await sleep(20);
  expect(looked).not.toHaveBeenCalled();
});

test("a stream that has ended waits for no suspension", () => {
  const watching = new Set<TenantId>();
  const watchSuspension = (tenantId: TenantId) => {
    watching.add(tenantId);
    return () => watching.delete(tenantId);
  };
  const call = new TestCall("streaming");
  call.tenantId = newTenant();
  void refuseSuspended({ suspensionOf: () => undefined, watchSuspension }).enter?.(call);
  expect(watching.size).toBe(1);
  call.ended();
  expect(watching.size).toBe(0);
});

test("a credential that expires in a year ends no stream before", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const set = vi.spyOn(globalThis, "setTimeout");
  const day = 86_400_000;
  const call = new TestCall("streaming");
  call.identity = newIdentity({ expiresAt: Date.now() + 365 * day });
  void expiry.enter?.(call);
  expect(set.mock.lastCall?.[1]).toBeLessThan(2 ** 31); // the runtime ends a longer wait at once
  vi.advanceTimersByTime(364 * day);
  expect(call.aborted).toBe(false);
  vi.advanceTimersByTime(day);
  expect(call.reason).toMatchObject({ failure: { reason: "unauthenticated" } });
});

test("a call that has ended waits for neither its deadline nor its credential's end", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const calls = [new TestCall("streaming"), new TestCall()];
  for (const call of calls) {
    call.identity = newIdentity({ expiresAt: Date.now() + 60_000 });
    void expiry.enter?.(call);
    void deadline(30_000).enter?.(call);
  }
  expect(vi.getTimerCount()).toBe(2);
  for (const call of calls) call.ended();
  expect(vi.getTimerCount()).toBe(0);
});
