import { randomUUID } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { Scope } from "@annals/proto/annals/v1/event_store";
import { Projections } from "@annals/proto/annals/v1/projections";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { failureOf } from "../../support/client.js";
import { newTenant, startTestServer } from "../../support/server.js";
import type { ServiceContract } from "./contract.js";

const scope = Scope.ALL_TENANTS;
const day = 86_400_000;
const unknownScope = JSON.parse("9") as Scope;

export function describeProjections({ name, transport, addressOf }: ServiceContract): void {
  describe(`the Projections service over ${name}`, () => {
    let server: AnnalsServer;
    beforeAll(async () => {
      server = await startTestServer();
    });
    afterAll(() => server.stop());

    const clientFor = (tenantId = newTenant()) =>
      createClient(Projections, transport(addressOf(server), { "x-tenant-id": tenantId }));
    type ProjectionsClient = ReturnType<typeof clientFor>;

    const claim = async (client: ProjectionsClient, projection = "orders"): Promise<bigint> => {
      const answer = await client.acquireProjection({ name: projection });
      expect(answer.acquired).toBe(true);
      return answer.projection!.fence;
    };
    const letter = (eventId: string = randomUUID()) => ({
      eventId,
      position: 7n,
      attempts: 3,
      error: "poison",
    });

    test("a place is kept, and the next claim finds it", async () => {
      const client = clientFor();
      const fence = await claim(client);
      expect((await client.getProjection({ name: "orders" })).projection?.place).toBeUndefined();
      await client.saveProgress({ name: "orders", fence, place: "12/" });
      const { projection } = await client.acquireProjection({ name: "orders" });
      expect(projection).toMatchObject({ name: "orders", place: "12/" });
      expect(projection!.fence).toBeGreaterThan(fence);
      const kept = (await client.getProjection({ name: "orders" })).projection;
      expect(kept).toMatchObject({ place: "12/", fence: projection!.fence });
      expect(kept?.updatedAt).toBeDefined();
    });

    test("an older claim writes nothing more, nor holds on", async () => {
      const client = clientFor();
      const fence = await claim(client);
      const newer = await claim(client);
      const deadLetter = letter();
      for (const call of [
        () => client.saveProgress({ name: "orders", fence, place: "1/", deadLetter }),
        () => client.renewProjection({ name: "orders", fence, leaseMs: 1_000 }),
      ]) {
        const failure = await failureOf(call());
        expect(failure.code).toBe("Aborted");
        expect(failure.detail.detail.value).toMatchObject({
          expectedRevision: fence,
          actualRevision: newer,
        });
      }
      await client.releaseProjection({ name: "orders", fence });
      expect((await client.getProjection({ name: "orders" })).projection?.place).toBeUndefined();
      expect((await client.listDeadLetters({ name: "orders" })).deadLetters).toEqual([]);
    });

    test("a lease keeps others out until it is released, or taken without one", async () => {
      const client = clientFor();
      const leased = { name: "orders", leaseMs: day };
      const { projection } = await client.acquireProjection(leased);
      expect(projection?.leasedUntil).toBeDefined();
      const refused = await client.acquireProjection(leased);
      expect(refused).toMatchObject({ acquired: false, projection: { fence: projection!.fence } });
      await client.renewProjection({ ...leased, fence: projection!.fence });
      await client.releaseProjection({ name: "orders", fence: projection!.fence });
      expect((await client.acquireProjection(leased)).acquired).toBe(true);
      await claim(client);
      expect((await client.acquireProjection(leased)).acquired).toBe(true);
    });

    test("of racing claims with a lease one wins", async () => {
      const client = clientFor();
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => client.acquireProjection({ name: "x", leaseMs: day })),
      );
      expect(answers.filter(({ acquired }) => acquired)).toHaveLength(1);
    });

    test("a dead letter replaces one of the same event; removed, it is gone", async () => {
      const client = clientFor();
      const fence = await claim(client);
      const [one, two] = [letter(), letter()];
      const save = (deadLetter: ReturnType<typeof letter>) =>
        client.saveProgress({ name: "orders", fence, place: "7/", deadLetter });
      await save(one);
      await save(two);
      await save({ ...one, attempts: 9 });
      const list = async () => (await client.listDeadLetters({ name: "orders" })).deadLetters;
      const ordered = [{ ...one, attempts: 9 }, two].sort((a, b) =>
        a.eventId < b.eventId ? -1 : 1,
      );
      expect(await list()).toMatchObject(ordered);
      await client.removeDeadLetter({ name: "orders", eventId: one.eventId.toUpperCase() });
      await client.removeDeadLetter({ name: "orders", eventId: one.eventId });
      expect(await list()).toMatchObject([two]);
    });

    test("lists come in pages", async () => {
      const client = clientFor();
      const names = ["a", "b", "c", "ä"];
      for (const each of names) await claim(client, each);
      const found: string[] = [];
      let pageToken = "";
      do {
        const page = await client.listProjections({ pageSize: 3, pageToken });
        found.push(...page.projections.map((projection) => projection.name));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      expect(found).toEqual(names);

      const fence = await claim(client);
      for (let i = 0; i < 3; i++) {
        await client.saveProgress({ name: "orders", fence, place: "", deadLetter: letter() });
      }
      const first = await client.listDeadLetters({ name: "orders", pageSize: 2 });
      const rest = await client.listDeadLetters({ name: "orders", pageToken: first.nextPageToken });
      const ids = [...first.deadLetters, ...rest.deadLetters].map(({ eventId }) => eventId);
      expect([ids.length, rest.nextPageToken]).toEqual([3, ""]);
      expect(ids).toEqual(ids.toSorted());
    });

    test("a deleted projection is gone with its dead letters, and who held it writes nothing", async () => {
      const client = clientFor();
      const fence = await claim(client);
      await client.saveProgress({ name: "orders", fence, place: "1/", deadLetter: letter() });
      await client.deleteProjection({ name: "orders" });
      await client.deleteProjection({ name: "orders" });
      expect((await client.getProjection({ name: "orders" })).projection).toBeUndefined();
      const failure = await failureOf(client.saveProgress({ name: "orders", fence, place: "2/" }));
      expect(failure.code).toBe("Aborted");
      expect(await claim(client)).toBeGreaterThan(fence);
      expect((await client.listDeadLetters({ name: "orders" })).deadLetters).toEqual([]);
    });

    test("each tenant has names of its own, and so has the operator", async () => {
      const [a, b, operator] = [clientFor(), clientFor(), clientFor("*")];
      const fence = await claim(a);
      await a.saveProgress({ name: "orders", fence, place: "1/", deadLetter: letter() });
      const whole = { name: `orders-${randomUUID()}`, scope };
      const claimed = await operator.acquireProjection(whole);
      const tenantId = newTenant();
      const deadLetter = { ...letter(), tenantId };
      const claimedBy = { ...whole, fence: claimed.projection!.fence };
      await operator.saveProgress({ ...claimedBy, place: "9/g1-9", deadLetter });
      expect((await b.listProjections({})).projections).toEqual([]);
      expect((await b.listDeadLetters({ name: "orders" })).deadLetters).toEqual([]);
      await b.deleteProjection({ name: "orders" });
      await b.deleteProjection({ name: whole.name });
      expect((await a.getProjection({ name: "orders" })).projection?.place).toBe("1/");
      const kept = (await operator.listDeadLetters(whole)).deadLetters;
      expect(kept).toMatchObject([deadLetter]);
      await operator.removeDeadLetter({ ...whole, tenantId, eventId: deadLetter.eventId });
      expect((await operator.listDeadLetters(whole)).deadLetters).toEqual([]);
    });

    test("the whole log's are for operators, and a tenant's are for tenants", async () => {
      const [tenant, operator] = [clientFor(), clientFor("*")];
      for (const call of [
        () => tenant.listProjections({ scope }),
        () => tenant.acquireProjection({ scope, name: "x" }),
        () => tenant.deleteProjection({ scope, name: "x" }),
        () => operator.listProjections({}),
        () => operator.acquireProjection({ name: "x" }),
      ]) {
        expect((await failureOf(call())).code).toBe("PermissionDenied");
      }
    });

    test("what breaks a rule is refused with its field, and nothing is kept", async () => {
      const client = clientFor();
      const operator = clientFor("*");
      const fence = await claim(client);
      const held = { name: "orders", fence, place: "" };
      const eventId = randomUUID();
      const bad: [() => Promise<unknown>, code: string, field: string][] = [
        [() => client.acquireProjection({}), "InvalidArgument", "name"],
        [() => client.acquireProjection({ name: "\n" }), "InvalidArgument", "name"],
        [() => client.acquireProjection({ name: "x".repeat(256) }), "ResourceExhausted", "name"],
        [
          () => client.acquireProjection({ name: "x", leaseMs: day + 1 }),
          "InvalidArgument",
          "lease_ms",
        ],
        [
          () => client.acquireProjection({ name: "x", scope: unknownScope }),
          "InvalidArgument",
          "scope",
        ],
        [() => client.renewProjection({ name: "orders", fence }), "InvalidArgument", "lease_ms"],
        [() => client.saveProgress({ name: "orders" }), "InvalidArgument", "fence"],
        [
          () => client.saveProgress({ ...held, place: "x".repeat(4_097) }),
          "ResourceExhausted",
          "place",
        ],
        [() => client.saveProgress({ ...held, place: "\0" }), "InvalidArgument", "place"],
        [
          () => client.saveProgress({ ...held, deadLetter: letter("1") }),
          "InvalidArgument",
          "dead_letter.event_id",
        ],
        [
          () => client.saveProgress({ ...held, deadLetter: { ...letter(), position: 0n } }),
          "InvalidArgument",
          "dead_letter.position",
        ],
        [
          () =>
            client.saveProgress({ ...held, deadLetter: { ...letter(), tenantId: newTenant() } }),
          "InvalidArgument",
          "dead_letter.tenant_id",
        ],
        [
          () =>
            client.saveProgress({ ...held, deadLetter: { ...letter(), error: "x".repeat(8_193) } }),
          "ResourceExhausted",
          "dead_letter.error",
        ],
        [
          () => client.removeDeadLetter({ name: "orders", eventId, tenantId: newTenant() }),
          "InvalidArgument",
          "tenant_id",
        ],
        [
          () => operator.removeDeadLetter({ scope, name: "orders", eventId }),
          "InvalidArgument",
          "tenant_id",
        ],
        [() => client.listProjections({ pageSize: 101 }), "ResourceExhausted", "page_size"],
        [() => client.listProjections({ pageToken: "r1-" }), "InvalidArgument", "page_token"],
        [
          () => client.listDeadLetters({ name: "orders", pageToken: "t1-x" }),
          "InvalidArgument",
          "page_token",
        ],
      ];
      for (const [call, code, field] of bad) {
        const failure = await failureOf(call());
        expect(failure.code, field).toBe(code);
        expect(failure.detail.detail.value).toMatchObject({ field });
      }
      const { projections } = await client.listProjections({});
      expect(projections.map((projection) => projection.name)).toEqual(["orders"]);
      expect((await client.listDeadLetters({ name: "orders" })).deadLetters).toEqual([]);
    });
  });
}
