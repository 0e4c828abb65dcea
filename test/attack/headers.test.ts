import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { appendTo, clientOf, newEvent, noStream, readAll } from "../support/client.js";
import { rawGetHead } from "../support/raw-call.js";
import { newTenant, startTestServer } from "../support/server.js";

const [ok, invalidArgument, unauthenticated] = ["0", "3", "16"];

describe("games with the tenant's header", () => {
  let server: AnnalsServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  const [a, b] = [newTenant(), newTenant()];
  test.each<[string, Record<string, string | string[]>, string | undefined]>([
    ["one", { "x-tenant-id": a }, ok],
    ["upper case is the same tenant", { "x-tenant-id": a.toUpperCase() }, ok],
    ["repeated", { "x-tenant-id": [a, b] }, invalidArgument],
    ["repeated, the same", { "x-tenant-id": [a, a] }, invalidArgument],
    ["joined by a comma", { "x-tenant-id": `${a},${b}` }, invalidArgument],
    [
      "unicode digits, which the transport drops",
      { "x-tenant-id": a.replace(/^./, "\u00b2") },
      unauthenticated,
    ],
    ["empty", { "x-tenant-id": "" }, invalidArgument],
    ["binary", { "x-tenant-id-bin": Buffer.from(a).toString("base64") }, unauthenticated],
    ["absent", {}, unauthenticated],
  ])("%s", async (_, headers, status) => {
    expect(await rawGetHead(server.grpcAddress, headers)).toBe(status);
  });

  test("a tenant id smuggled in a stream's name, in metadata or as a correlation moves nothing", async () => {
    const [victim, attacker] = [newTenant(), newTenant()];
    const client = clientOf(server.grpcAddress, attacker);
    const metadata = { tenant_id: victim, "x-tenant-id": victim, correlation_id: victim };
    await client.append(appendTo(victim, noStream, [newEvent({ metadata })]));
    const requests = async function* () {
      await Promise.resolve();
      yield { correlationId: 7n, append: appendTo(`${victim}/x`, noStream, [newEvent()]) };
    };
    for await (const answer of client.appendStream(requests())) expect(answer).toBeDefined();
    expect(await readAll(clientOf(server.grpcAddress, victim))).toEqual([]);
    expect(await readAll(client)).toMatchObject([{ tenantId: attacker }, { tenantId: attacker }]);
  });

  test("a page token of one tenant shows another only its own", async () => {
    const [owner, other] = [newTenant(), newTenant()];
    const [ownerClient, otherClient] = [owner, other].map((id) => clientOf(server.grpcAddress, id));
    for (const client of [ownerClient!, otherClient!]) {
      await client.append(appendTo("1", noStream, [newEvent(), newEvent(), newEvent()]));
    }
    const page = await ownerClient!.getEventsByType({ aggregateType: "Order", pageSize: 1 });
    expect(page.nextPageToken).not.toBe("");
    const { events } = await otherClient!.getEventsByType({
      aggregateType: "Order",
      pageToken: page.nextPageToken,
    });
    expect(events).toHaveLength(2);
    expect(new Set(events.map((event) => event.tenantId))).toEqual(new Set([other]));
  });
});
