import { createClient } from "@connectrpc/connect";
import { ErrorReason } from "@annals/proto/annals/v1/error";
import {
  type ReadAllResponse,
  type ReadResponse,
  Scope,
} from "@annals/proto/annals/v1/event_store";
import { ServerInfo } from "@annals/proto/annals/v1/server_info";
import { type Tenant, Tenants } from "@annals/proto/annals/v1/tenants";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { appendTo, clientOf, failureOf, newEvent, readAll } from "../../support/client.js";
import { newTenant, startTestServer } from "../../support/server.js";
import type { ServiceContract } from "./contract.js";

export function describeTenants({ name, transport, addressOf }: ServiceContract): void {
  describe(`the Tenants service over ${name}`, () => {
    let server: AnnalsServer;
    beforeAll(async () => {
      server = await startTestServer({ tenantOpenStreams: "7" });
    });
    afterAll(() => server.stop());

    const tenantsFor = (tenantId: string) =>
      createClient(Tenants, transport(addressOf(server), { "x-tenant-id": tenantId }));
    const admin = () => tenantsFor("*");
    const eventsOf = (tenantId: string) => clientOf(addressOf(server), tenantId, transport);
    const described = async (tenantId: string): Promise<Tenant> =>
      (await admin().describeTenant({ tenantId })).tenant ?? expect.fail("no tenant");

    test("a tenant never heard of has nothing, and the server's limits", async () => {
      const tenantId = newTenant();
      expect(await described(tenantId.toUpperCase())).toMatchObject({
        ...{ tenantId, displayName: "", features: [], revision: 0n },
        ...{ eventCount: 0n, firstPosition: 0n, lastPosition: 0n, storedBytes: 0n },
        effectiveLimits: { openStreams: 7n },
      });
    });

    test("counts, positions, times and bytes are the log's", async () => {
      const tenantId = newTenant();
      const event = newEvent({ data: new Uint8Array(500) });
      await eventsOf(tenantId).append(appendTo("a", undefined, [event, newEvent()]));
      const answer = await eventsOf(tenantId).append(appendTo("b"));
      const tenant = await described(tenantId);
      expect(tenant).toMatchObject({ eventCount: 3n, firstPosition: 1n, lastPosition: 3n });
      expect(tenant.lastRecordedAt).toEqual(answer.recordedAt);
      expect(tenant.storedBytes).toBeGreaterThan(500n + 3n * 128n - 1n);
    });

    test("what is not set in a change stays as it is", async () => {
      const tenantId = newTenant();
      await admin().configureTenant({
        ...{ tenantId, displayName: "ACME", features: { features: ["beta", "exports"] } },
        limits: { eventsPerDay: 10n, pageEvents: 5n },
      });
      await admin().configureTenant({ tenantId, displayName: "ACME Ltd" });
      const tenant = await described(tenantId);
      expect(tenant).toMatchObject({
        ...{ displayName: "ACME Ltd", features: ["beta", "exports"], revision: 2n },
        limits: { eventsPerDay: 10n, pageEvents: 5n },
        effectiveLimits: { eventsPerDay: 10n, pageEvents: 5n, openStreams: 7n },
      });
      expect(tenant.limits?.openStreams).toBeUndefined();
      await admin().configureTenant({ tenantId, features: {}, limits: { openStreams: 3n } });
      const now = await described(tenantId);
      expect(now).toMatchObject({ displayName: "ACME Ltd", features: [] });
      expect(now.limits?.eventsPerDay).toBeUndefined();
      expect(now.effectiveLimits?.openStreams).toBe(3n);
    });

    test("a change at another revision is refused with the true one, and changes nothing", async () => {
      const tenantId = newTenant();
      const change = (expectedRevision: bigint, displayName: string) =>
        admin().configureTenant({ tenantId, displayName, expectedRevision });
      await change(0n, "first");
      const { code, detail } = await failureOf(change(0n, "second"));
      expect([code, detail.reason]).toEqual(["Aborted", ErrorReason.REVISION_CONFLICT]);
      expect(detail.detail).toMatchObject({
        case: "revisionConflict",
        value: { expectedRevision: 0n, actualRevision: 1n },
      });
      expect((await described(tenantId)).displayName).toBe("first");
    });

    test("of 16 administrators at one revision exactly one wins", async () => {
      const tenantId = newTenant();
      const changes = await Promise.allSettled(
        Array.from({ length: 16 }, (_, i) =>
          admin().configureTenant({ tenantId, displayName: `${i}`, expectedRevision: 0n }),
        ),
      );
      expect(changes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    });

    test("every tenant that has events or was configured is listed once, by id", async () => {
      const known = Array.from({ length: 9 }, newTenant);
      for (const [i, tenantId] of known.entries()) {
        if (i % 3 !== 0) await eventsOf(tenantId).append(appendTo("x"));
        if (i % 3 !== 1) await admin().configureTenant({ tenantId, displayName: `no. ${i}` });
      }
      const listed: Tenant[] = [];
      for (let pageToken = ""; ;) {
        const page = await admin().listTenants({ pageSize: 4, pageToken });
        expect(page.tenants.length).toBeLessThanOrEqual(4);
        listed.push(...page.tenants);
        pageToken = page.nextPageToken;
        if (pageToken === "") break;
      }
      const ids = listed.map(({ tenantId }) => tenantId);
      expect(ids).toEqual([...new Set(ids)].sort());
      for (const [i, tenantId] of known.entries()) {
        const tenant = listed.find((one) => one.tenantId === tenantId);
        expect(tenant).toEqual(await described(tenantId));
        expect(tenant?.eventCount).toBe(i % 3 === 0 ? 0n : 1n);
      }
    });

    test("a suspended tenant's calls are refused with the reason, its streams end, its events stay", async () => {
      const [tenantId, other] = [newTenant(), newTenant()];
      await eventsOf(tenantId).append(appendTo("x"));
      await eventsOf(other).append(appendTo("x"));
      const open = (async () => {
        for await (const { answer } of eventsOf(tenantId).readAll({ follow: true })) {
          if (answer.case !== "caughtUp") continue;
          await admin().suspendTenant({ tenantId, reason: "unpaid bill" });
        }
      })();
      const { code, detail, message } = await failureOf(open);
      expect([code, detail.reason]).toEqual(["PermissionDenied", ErrorReason.TENANT_SUSPENDED]);
      expect(message).toContain("unpaid bill");
      for (const call of [
        () => eventsOf(tenantId).append(appendTo("x")),
        () => readAll(eventsOf(tenantId)),
        () => tenantsFor(tenantId).getCurrentTenant({}),
      ]) {
        expect((await failureOf(call())).detail.reason).toBe(ErrorReason.TENANT_SUSPENDED);
      }
      expect(await readAll(eventsOf(other))).toHaveLength(1);
      const whole = await readAll(eventsOf("*"), {
        scope: Scope.ALL_TENANTS,
        filter: { tenantIds: [tenantId] },
      });
      expect(whole).toHaveLength(1);
      expect((await described(tenantId)).suspension?.reason).toBe("unpaid bill");

      await admin().resumeTenant({ tenantId });
      await admin().resumeTenant({ tenantId });
      expect((await described(tenantId)).suspension).toBeUndefined();
      const answer = await eventsOf(tenantId).append(appendTo("x"));
      expect(answer.firstPosition).toBe(2n);
    });

    test("a tenant is told of itself what it may know, and of nothing else", async () => {
      const tenantId = newTenant();
      await admin().configureTenant({
        tenantId,
        displayName: "Globex",
        features: { features: ["a"] },
      });
      const own = await tenantsFor(tenantId).getCurrentTenant({});
      expect(own).toMatchObject({ tenantId, displayName: "Globex", features: ["a"] });
      expect(own.effectiveLimits?.openStreams).toBe(7n);
      const client = tenantsFor(tenantId);
      for (const call of [
        () => client.listTenants({}),
        () => client.describeTenant({ tenantId }),
        () => client.configureTenant({ tenantId, limits: {} }),
        () => client.suspendTenant({ tenantId: newTenant() }),
        () => client.resumeTenant({ tenantId }),
      ]) {
        expect((await failureOf(call())).code).toBe("PermissionDenied");
      }
      expect((await failureOf(admin().getCurrentTenant({}))).code).toBe("PermissionDenied");
    });

    test("what breaks a rule is refused with its field, and changes nothing", async () => {
      const tenantId = newTenant();
      const bad: [() => Promise<unknown>, string][] = [
        [() => admin().describeTenant({ tenantId: "x" }), "tenant_id"],
        [() => admin().configureTenant({ displayName: "x" }), "tenant_id"],
        [() => admin().configureTenant({ tenantId, displayName: "a\0b" }), "display_name"],
        [
          () => admin().configureTenant({ tenantId, limits: { eventsPerDay: 0n } }),
          "limits.events_per_day",
        ],
        [
          () => admin().configureTenant({ tenantId, features: { features: ["a", "a"] } }),
          "features.features[1]",
        ],
        [
          () => admin().configureTenant({ tenantId, limits: { pageEvents: 1_001n } }),
          "limits.page_events",
        ],
        [
          () => admin().configureTenant({ tenantId, limits: { storedBytes: 2n ** 64n - 1n } }),
          "limits.stored_bytes",
        ],
        [() => admin().listTenants({ pageToken: "p1-3" }), "page_token"],
      ];
      for (const [call, field] of bad) {
        const { code, detail } = await failureOf(call());
        expect(code, field).toBe("InvalidArgument");
        expect(detail.detail.value).toMatchObject({ field });
      }
      const tooMuch: [() => Promise<unknown>, string][] = [
        [() => admin().listTenants({ pageSize: 1_001 }), "page_size"],
        [
          () =>
            admin().configureTenant({
              tenantId,
              features: { features: Array.from({ length: 101 }, (_, i) => `f${i}`) },
            }),
          "features.features",
        ],
        [() => admin().configureTenant({ tenantId, displayName: "é".repeat(128) }), "display_name"],
      ];
      for (const [call, field] of tooMuch) {
        const { code, detail } = await failureOf(call());
        expect(code, field).toBe("ResourceExhausted");
        expect(detail.detail.value).toMatchObject({ field });
      }
      expect((await described(tenantId)).revision).toBe(0n);
    });

    describe("limits", () => {
      /** A tenant with limits, and a client of its. */
      async function limited(limits: Record<string, bigint>) {
        const tenantId = newTenant();
        await admin().configureTenant({ tenantId, limits });
        return { tenantId, client: eventsOf(tenantId) };
      }
      const limitOf = async (call: Promise<unknown>) => {
        const { code, detail } = await failureOf(call);
        expect([code, detail.reason]).toEqual(["ResourceExhausted", ErrorReason.LIMIT_EXCEEDED]);
        if (detail.detail.case !== "limitExceeded") expect.fail("no particulars");
        return { ...detail.detail.value, retryAfter: detail.retryAfter };
      };
      const events = (count: number, bytes = 0) =>
        Array.from({ length: count }, () => newEvent({ data: new Uint8Array(bytes) }));

      test("events a second: the one too many says when to come again, and is let in then", async () => {
        const { client } = await limited({ appendEventsPerSecond: 20n });
        await client.append(appendTo("x", undefined, events(30))); // overdrawn by ten
        const { limit, maximum, retryAfter } = await limitOf(client.append(appendTo("x")));
        expect([limit, maximum]).toEqual(["tenant_append_events_per_second", 20n]);
        expect(retryAfter).toBeDefined();
        await expect
          .poll(() =>
            client.append(appendTo("y")).then(
              () => "in",
              () => "out",
            ),
          )
          .toBe("in");
        expect(await readAll(client)).toHaveLength(31);
      });

      test("bytes a second count what events take", async () => {
        const { client } = await limited({ appendBytesPerSecond: 1_000n });
        await client.append(appendTo("x", undefined, events(1, 20_000)));
        const { limit, actual } = await limitOf(
          client.append(appendTo("x", undefined, events(1, 10))),
        );
        expect(limit).toBe("tenant_append_bytes_per_second");
        expect(actual).toBe(0n); // refused before it was read
      });

      test("events a day: exactly so many, whoever races for them", async () => {
        const { client } = await limited({ eventsPerDay: 50n });
        const answers = await Promise.allSettled(
          Array.from({ length: 40 }, (_, i) =>
            client.append(appendTo(`order-${i}`, undefined, events(2))),
          ),
        );
        expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(25);
        expect(await readAll(client)).toHaveLength(50);
        const { limit, maximum, actual, retryAfter } = await limitOf(client.append(appendTo("x")));
        expect([limit, maximum, actual]).toEqual(["tenant_events_per_day", 50n, 51n]);
        expect(Number(retryAfter?.seconds)).toBeLessThanOrEqual(86_400);
      });

      test("stored bytes: what does not fit is refused, what does is let in", async () => {
        const { tenantId, client } = await limited({ storedBytes: 10_000n });
        await client.append(appendTo("x", undefined, events(1, 8_000)));
        const full = await limitOf(client.append(appendTo("x", undefined, events(1, 3_000))));
        expect(full).toMatchObject({ limit: "tenant_stored_bytes", maximum: 10_000n });
        expect(full.retryAfter).toBeUndefined();
        await client.append(appendTo("x", undefined, events(1, 1_000)));
        expect((await described(tenantId)).storedBytes).toBeLessThanOrEqual(10_000n);
      });

      test("what is in the log already is answered again, though the tenant is at its limit", async () => {
        for (const limits of [{ eventsPerDay: 2n }, { storedBytes: 2_000n }]) {
          const { client } = await limited(limits);
          const append = appendTo("x", undefined, events(2, 500));
          const first = await client.append(append);
          expect(await client.append(append)).toMatchObject({
            aggregateVersion: first.aggregateVersion,
            deduplicated: true,
          });
          await limitOf(client.append(appendTo("x", undefined, events(1, 1_000))));
          expect(await readAll(client)).toHaveLength(2);
        }
      });

      test("a tenant above its rate may still ask for its settings, and for the server's", async () => {
        const { tenantId, client } = await limited({ appendEventsPerSecond: 1n });
        await client.append(appendTo("x", undefined, events(100)));
        await limitOf(client.append(appendTo("x")));
        const own = transport(addressOf(server), { "x-tenant-id": tenantId });
        await createClient(Tenants, own).getCurrentTenant({});
        await createClient(ServerInfo, own).getServerInfo({});
      });

      test("open streams: one more is refused until one has ended", async () => {
        const { client } = await limited({ openStreams: 2n });
        const stops = [new AbortController(), new AbortController()];
        const follow = async (signal: AbortSignal, onHead: () => void): Promise<void> => {
          for await (const { answer } of client.readAll({ follow: true }, { signal })) {
            if (answer.case === "caughtUp") onHead();
          }
        };
        const ended = await Promise.all(
          stops.map(
            ({ signal }) =>
              new Promise<{ done: Promise<unknown> }>((resolve) => {
                const done = follow(signal, () => {
                  resolve({ done });
                }).catch(() => undefined);
              }),
          ),
        );
        const { limit, retryAfter } = await limitOf(readAll(client));
        expect(limit).toBe("tenant_open_streams");
        expect(retryAfter).toBeDefined();
        stops[0]?.abort();
        await ended[0]?.done;
        await expect
          .poll(() =>
            readAll(client).then(
              () => "in",
              () => "out",
            ),
          )
          .toBe("in");
        stops[1]?.abort();
        await ended[1]?.done;
      });

      test("page size: pages are as small as the tenant's limit, and asking for more is refused", async () => {
        const { client } = await limited({ pageEvents: 3n });
        await client.append(appendTo("x", undefined, events(8)));
        const sizes = async (call: AsyncIterable<ReadAllResponse | ReadResponse>) => {
          const found: number[] = [];
          for await (const { answer } of call) {
            if (answer.case === "page") found.push(answer.value.events.length);
          }
          return found;
        };
        const stream = { aggregateType: "Order", aggregateId: "x" };
        expect(await sizes(client.readAll({}))).toEqual([3, 3, 2]);
        expect(await sizes(client.read({ stream }))).toEqual([3, 3, 2]);
        expect(await sizes(client.readAll({ follow: true, limit: 8n }))).toEqual([3, 3, 2]);
        expect((await client.getEventsByType({ aggregateType: "Order" })).events).toHaveLength(3);
        const request = { aggregateType: "Order", pageSize: 4 };
        expect(await limitOf(client.getEventsByType(request))).toMatchObject({
          limit: "tenant_page_events",
          maximum: 3n,
        });
      });

      test("a pipelined append that is over a limit fails alone", async () => {
        const { client } = await limited({ eventsPerDay: 2n });
        const outcomes: (string | undefined)[] = [];
        // eslint-disable-next-line @typescript-eslint/require-await -- a stream of what is there
        const requests = async function* () {
          for (const n of [1n, 2n, 3n]) yield { correlationId: n, append: appendTo(`order-${n}`) };
        };
        for await (const { outcome } of client.appendStream(requests()))
          outcomes.push(outcome.case);
        expect(outcomes.sort()).toEqual(["appended", "appended", "failed"]);
      });

      test("one tenant's limits are nothing to another", async () => {
        const { client } = await limited({ eventsPerDay: 1n, appendEventsPerSecond: 1n });
        await client.append(appendTo("x"));
        await limitOf(client.append(appendTo("x")));
        await eventsOf(newTenant()).append(appendTo("x", undefined, events(100)));
      });
    });
  });
}
