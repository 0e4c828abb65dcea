import { describe, expect, test } from "vitest";
import { AnnalsError } from "#server/domain/error.js";
import type { TenantId } from "#server/domain/tenant.js";
import { audit, block } from "#server/interceptors/audit.js";
import { Suspicion } from "#server/interceptors/suspicion.js";
import { newTenant } from "./support/store-input.js";
import { newIdentity, TestCall } from "./support/test-call.js";

test("is raised once at the threshold, and again only after a quiet window", () => {
  const suspicion = new Suspicion({ threshold: 3, windowMs: 100, blockMs: 50 });
  const raised = [0, 10, 20, 30, 40].map((now) => suspicion.refused("a", now));
  expect(raised).toEqual([false, false, true, false, false]);
  expect(suspicion.blockedUntil("a", 60)).toBe(70);
  expect(suspicion.blockedUntil("b", 60)).toBeUndefined();
  expect([200, 201, 202].map((now) => suspicion.refused("a", now))).toEqual([false, false, true]);
});

test("refusals further apart than the window are never raised", () => {
  const suspicion = new Suspicion({ threshold: 2, windowMs: 100, blockMs: 0 });
  expect([0, 101, 202, 303].map((now) => suspicion.refused("a", now))).not.toContain(true);
});

test("watches a bounded number of subjects", () => {
  const suspicion = new Suspicion({ threshold: 2, windowMs: 100, blockMs: 0 });
  for (let i = 0; i < 10_100; i++) suspicion.refused(String(i), 0);
  expect(suspicion.size).toBe(10_000);
});

test("of too many subjects the one that was quiet longest gives way", () => {
  const suspicion = new Suspicion({ threshold: 2, windowMs: 1e9, blockMs: 1e9 });
  suspicion.refused("busy", 0);
  for (let i = 0; i < 9_999; i++) suspicion.refused(String(i), 0);
  expect(suspicion.refused("busy", 1)).toBe(true);
  for (let i = 0; i < 9_000; i++) suspicion.refused(`more-${i}`, 2);
  expect(suspicion.blockedUntil("busy", 3)).toBeDefined();
});

describe("calls that are refused too often", () => {
  const suspicious = () => new Suspicion({ threshold: 3, windowMs: 60_000, blockMs: 60_000 });

  /** Refuses calls one after the other, as the chain does. */
  function refuse(suspicion: Suspicion, calls: readonly TestCall[]): void {
    const auditing = audit(() => undefined, suspicion);
    const reason = new AnnalsError({ reason: "unauthenticated", description: "no" });
    for (const call of calls) auditing.leave?.(call, reason);
  }

  const entering = (suspicion: Suspicion, call: TestCall) => () =>
    void block(suspicion).enter?.(call);

  test("without a credential block their host, from whatever port it calls", () => {
    const suspicion = suspicious();
    const from = (peer: string) => new TestCall("unary", { peer });
    refuse(suspicion, ["10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3"].map(from));
    expect(entering(suspicion, from("10.0.0.1:4"))).toThrow("blocked");
    expect(entering(suspicion, from("10.0.0.2:4"))).not.toThrow();
  });

  test("block their subject, not one of the same name in another tenant", () => {
    const suspicion = suspicious();
    const of = (tenantId: TenantId) => {
      const call = new TestCall();
      call.identity = newIdentity({ tenants: [tenantId] });
      return call;
    };
    const [a, b] = [newTenant(), newTenant()];
    refuse(suspicion, [of(a), of(a), of(a)]);
    expect(entering(suspicion, of(a))).toThrow("blocked");
    expect(entering(suspicion, of(b))).not.toThrow();
  });
});
