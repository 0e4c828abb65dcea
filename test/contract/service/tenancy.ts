import { createClient } from "@connectrpc/connect";
import { SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ErrorReason } from "@annals/proto/annals/v1/error";
import { EventStore, Scope } from "@annals/proto/annals/v1/event_store";
import type { AnnalsServer } from "#server/compose.js";
import {
  appendTo,
  clientOf,
  type EventStoreClient,
  exactly,
  failureOf,
  newEvent,
  noStream,
  read,
  readAll,
} from "../../support/client.js";
import { newTenant, startTestServer } from "../../support/server.js";
import type { ServiceContract } from "./contract.js";

const order = (id: string) => ({ aggregateType: "Order", aggregateId: id });
const key = "a secret of thirty-two bytes or more";

/** Every way to ask, so that a rule can be held for all of them. */
const everyCall: Record<string, (client: EventStoreClient) => Promise<unknown>> = {
  append: (client) => client.append(appendTo("x")),
  appendStream: async (client) => {
    // eslint-disable-next-line @typescript-eslint/require-await -- a stream of what is there
    const requests = async function* () {
      yield { correlationId: 1n, append: appendTo("x") };
    };
    for await (const answer of client.appendStream(requests())) return answer;
    return undefined;
  },
  read: (client) => read(client, { stream: order("x") }),
  readAll: (client) => readAll(client),
  getEventsByType: (client) => client.getEventsByType({ aggregateType: "Order" }),
  getEvent: (client) => client.getEvent({ eventId: newTenant() }),
  getStream: (client) => client.getStream({ stream: order("x") }),
  getHead: (client) => client.getHead({}),
};

export function describeTenancy({ name, transport, addressOf }: ServiceContract): void {
  describe(`tenants over ${name}`, () => {
    let server: AnnalsServer;
    let hiding: AnnalsServer;
    let jwt: AnnalsServer;
    beforeAll(async () => {
      server = await startTestServer();
      hiding = await startTestServer({ foreignStreams: "hide" });
      jwt = await startTestServer({ auth: "jwt", authJwtKey: key, authJwtAudience: "annals" });
    });
    afterAll(() => Promise.all([server.stop(), hiding.stop(), jwt.stop()]));

    const withMetadata = (at: AnnalsServer, metadata: Record<string, string>): EventStoreClient =>
      createClient(EventStore, transport(addressOf(at), metadata));

    test("the same names in two tenants are independent in every call", async () => {
      const [a, b] = [newTenant(), newTenant()];
      const [clientA, clientB] = [a, b].map((id) => clientOf(addressOf(server), id, transport)) as [
        EventStoreClient,
        EventStoreClient,
      ];
      const shared = newEvent();
      await clientA.append(appendTo("same", noStream, [shared, newEvent()]));
      const answer = await clientB.append(appendTo("same", noStream, [shared]));
      expect(answer).toMatchObject({ aggregateVersion: 1n, firstPosition: 1n });
      await clientA.append(appendTo("same", exactly(2n)));
      await clientB.append(appendTo("same", exactly(1n)));

      expect(await read(clientA, { stream: order("same") })).toHaveLength(3);
      expect(await read(clientB, { stream: order("same") })).toHaveLength(2);
      for (const [client, tenantId, count] of [
        [clientA, a, 3n],
        [clientB, b, 2n],
      ] as const) {
        const events = await readAll(client);
        expect(events.map((event) => event.position)).toEqual(
          Array.from({ length: Number(count) }, (_, i) => BigInt(i + 1)),
        );
        expect(new Set(events.map((event) => event.tenantId))).toEqual(new Set([tenantId]));
        expect((await client.getHead({})).head).toMatchObject({ position: count });
        const { event } = await client.getEvent({ eventId: shared.eventId! });
        expect(event?.tenantId).toBe(tenantId);
        const { stream } = await client.getStream({ stream: order("same") });
        expect(stream?.aggregateVersion).toBe(count);
        const byType = await client.getEventsByType({ aggregateType: "Order" });
        expect(byType.events).toHaveLength(Number(count));
      }
    });

    test("a tenant never sees a global position or a cursor", async () => {
      await clientOf(addressOf(server), newTenant(), transport).append(appendTo("other"));
      const client = clientOf(addressOf(server), newTenant(), transport);
      await client.append(appendTo("own"));
      for await (const { head, answer } of client.readAll({})) {
        if (head) expect(head).toMatchObject({ globalPosition: 0n, cursor: "" });
        if (answer.case === "page") {
          expect(answer.value).toMatchObject({ globalPositions: [], cursor: "" });
        }
        if (answer.case === "checkpoint") expect(answer.value.cursor).toBe("");
      }
      expect((await client.getHead({})).head).toMatchObject({ globalPosition: 0n, cursor: "" });
    });

    test("a stream that only another tenant has is denied, and nothing is told of it", async () => {
      const owner = newTenant();
      await clientOf(addressOf(server), owner, transport).append(
        appendTo("secret", noStream, [newEvent({ eventType: "HushHush" }), newEvent()]),
      );
      const other = clientOf(addressOf(server), newTenant(), transport);
      for (const call of [
        () => read(other, { stream: order("secret") }),
        () => other.getStream({ stream: order("secret") }),
      ]) {
        const { code, detail, message } = await failureOf(call());
        expect(code).toBe("PermissionDenied");
        expect(message).toBe("Order secret belongs to a different tenant");
        expect(detail).toMatchObject({
          reason: ErrorReason.FOREIGN_STREAM,
          detail: { case: "foreignStream", value: order("secret") },
        });
        const text = JSON.stringify(detail, (_, value: unknown) => String(value)) + message;
        expect(text).not.toContain(owner);
        expect(text).not.toContain("HushHush");
      }
      const { detail } = await failureOf(other.append(appendTo("secret", exactly(2n))));
      expect(detail.detail.value).toMatchObject({ actualVersion: 0n });
      await other.append(appendTo("secret", noStream));
      expect(await read(other, { stream: order("secret") })).toHaveLength(1);
    });

    test("foreignStreams=hide answers as if it did not exist", async () => {
      await clientOf(addressOf(hiding), newTenant(), transport).append(appendTo("secret"));
      const other = clientOf(addressOf(hiding), newTenant(), transport);
      const { code, detail } = await failureOf(read(other, { stream: order("secret") }));
      expect([code, detail.reason]).toEqual(["NotFound", ErrorReason.STREAM_NOT_FOUND]);
    });

    test("another tenant's event id answers NOT_FOUND, like one that nobody has", async () => {
      const event = newEvent();
      await clientOf(addressOf(server), newTenant(), transport).append(
        appendTo("x", noStream, [event]),
      );
      const other = clientOf(addressOf(server), newTenant(), transport);
      const { code } = await failureOf(other.getEvent({ eventId: event.eventId! }));
      expect(code).toBe("NotFound");
    });

    test.each(Object.entries(everyCall))("%s needs a credential", async (_, call) => {
      const { code } = await failureOf(call(withMetadata(server, {})));
      expect(code).toBe("Unauthenticated");
    });

    test.each([
      ["empty", ""],
      ["not a UUID", "acme"],
      ["two of them", `${newTenant()}, ${newTenant()}`],
      ["with blanks inside", newTenant().replaceAll("-", " ")],
      ["with SQL", `${newTenant()}' OR '1'='1`],
    ])("a malformed tenant is INVALID_ARGUMENT: %s", async (_, tenant) => {
      const { code, detail } = await failureOf(
        withMetadata(server, { "x-tenant-id": tenant }).getHead({}),
      );
      expect(code).toBe("InvalidArgument");
      expect(detail.detail).toMatchObject({ value: { field: "x-tenant-id" } });
    });

    test("a tenant in upper case is the same tenant", async () => {
      const tenant = newTenant();
      await clientOf(addressOf(server), tenant, transport).append(appendTo("x"));
      const upper = clientOf(addressOf(server), tenant.toUpperCase(), transport);
      expect(await readAll(upper)).toMatchObject([{ tenantId: tenant }]);
    });

    test.each(Object.entries(everyCall))(
      "%s of one tenant's log is not for operators",
      async (_, call) => {
        const { code } = await failureOf(call(withMetadata(server, { "x-tenant-id": "*" })));
        expect(code).toBe("PermissionDenied");
      },
    );

    test("the whole log is not for tenants", async () => {
      const client = clientOf(addressOf(server), newTenant(), transport);
      for (const call of [
        () => readAll(client, { scope: Scope.ALL_TENANTS }),
        () => client.getHead({ scope: Scope.ALL_TENANTS }),
      ]) {
        expect((await failureOf(call())).code).toBe("PermissionDenied");
      }
    });

    const mint = (claims: object, secret = key, options: { aud?: string; exp?: string } = {}) =>
      new SignJWT({ scope: "events:append events:read", ...claims })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject("tester")
        .setAudience(options.aud ?? "annals")
        .setExpirationTime(options.exp ?? "5 minutes")
        .sign(new TextEncoder().encode(secret));
    const withToken = (token: string, tenant?: string): EventStoreClient =>
      withMetadata(jwt, {
        authorization: `Bearer ${token}`,
        ...(tenant !== undefined && { "x-tenant-id": tenant }),
      });

    test("a token's tenant is the caller's; repeating it changes nothing, another is denied", async () => {
      const tenant = newTenant();
      const token = await mint({ tenant_id: tenant });
      await withToken(token).append(appendTo("x"));
      expect(await readAll(withToken(token, tenant))).toMatchObject([{ tenantId: tenant }]);
      for (const [name, call] of Object.entries(everyCall)) {
        const { code, detail } = await failureOf(call(withToken(token, newTenant())));
        expect([name, code]).toEqual([name, "PermissionDenied"]);
        expect(detail.reason).toBe(ErrorReason.PERMISSION_DENIED);
      }
    });

    test("a token for several tenants must pick one of them", async () => {
      const [a, b] = [newTenant(), newTenant()];
      const token = await mint({ tenant_id: [a, b] });
      await withToken(token, b).append(appendTo("x"));
      expect(await readAll(withToken(token, b))).toMatchObject([{ tenantId: b }]);
      expect(await readAll(withToken(token, a))).toEqual([]);
      expect((await failureOf(withToken(token).getHead({}))).code).toBe("InvalidArgument");
      expect((await failureOf(withToken(token, newTenant()).getHead({}))).code).toBe(
        "PermissionDenied",
      );
    });

    test("a token that does not verify is UNAUTHENTICATED, whatever is wrong with it", async () => {
      const claims = { tenant_id: newTenant() };
      const none = new UnsecuredJWT({ scope: "events:read", ...claims })
        .setAudience("annals")
        .setExpirationTime("5 minutes")
        .encode();
      const good = await mint(claims);
      const tokens = {
        unsigned: none,
        "another key": await mint(claims, "another secret of thirty-two bytes!!"),
        expired: await mint(claims, key, { exp: "-1 minute" }),
        "another audience": await mint(claims, key, { aud: "elsewhere" }),
        tampered: `${good.slice(0, -6)}AAAAAA`,
        "no UUID": await mint({ tenant_id: "acme" }),
        rubbish: "rubbish",
        empty: "",
      };
      for (const [what, token] of Object.entries(tokens)) {
        const { code, message } = await failureOf(withToken(token).getHead({}));
        expect([what, code]).toEqual([what, "Unauthenticated"]);
        if (token !== "") expect(message).not.toContain(token);
      }
      const basic = withMetadata(jwt, { authorization: `Basic ${good}` });
      expect((await failureOf(basic.getHead({}))).code).toBe("Unauthenticated");
      const dev = withMetadata(jwt, { "x-tenant-id": newTenant() });
      expect((await failureOf(dev.getHead({}))).code).toBe("Unauthenticated");
    });

    test("a scope that the token lacks is PERMISSION_DENIED", async () => {
      const tenant_id = newTenant();
      const reader = withToken(await mint({ tenant_id, scope: "events:read" }));
      expect((await failureOf(reader.append(appendTo("x")))).code).toBe("PermissionDenied");
      await reader.getHead({});
      const writer = withToken(await mint({ tenant_id, scope: "events:append" }));
      expect((await failureOf(readAll(writer))).code).toBe("PermissionDenied");
      await writer.append(appendTo("x"));
    });
  });
}
