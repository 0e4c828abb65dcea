import { connect, defineEvent, type EventDefinition } from "@annals/client";
import { create } from "@bufbuild/protobuf";
import { TenantLimitsSchema, TenantSchema } from "@annals/proto/annals/v1/tenants";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { AnnalsServer } from "#server/compose.js";
import { appendTo, clientOf, newEvent, readAll } from "../support/client.js";
import { newTenant, startTestServer } from "../support/server.js";
import { failureOf } from "./support/failure.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const stream = { aggregateType: "Order", aggregateId: "1" };
const names = { type: "OrderPlaced", aggregateType: "Order" } as const;
const First = defineEvent({ ...names, schema: z.object({ name: z.string() }) });
const Third = defineEvent({
  ...names,
  version: 3,
  schema: z.object({ first: z.string(), last: z.string(), vip: z.boolean() }),
  upcasters: {
    1: ({ name }: { name: string }) => ({ names: name.split(" ") }),
    2: ({ names: [first, last] }: { names: string[] }) => ({ first, last, vip: false }),
  },
});

const open = (tenant: string, events: EventDefinition[]) =>
  connect({ address: server.grpcAddress, tenant, events });

/** Stores an event as it is, whatever it says. */
async function store(tenant: string, json: string, contentType: string): Promise<void> {
  const data = new TextEncoder().encode(json);
  await clientOf(server.grpcAddress, tenant).append(
    appendTo("1", undefined, [newEvent({ data, contentType })]),
  );
}

async function dataOf(tenant: string, definition: EventDefinition): Promise<unknown[]> {
  await using annals = open(tenant, [definition]);
  return (await annals.read(stream).toArray()).map(({ data }) => data);
}

describe("versions of an event", () => {
  test("of any age are read as the newest: each goes through the upcasters it needs", async () => {
    const tenant = newTenant();
    await using annals = open(tenant, []);
    await annals.append({ stream, expected: "any", events: [First.create({ name: "Ann Lee" })] });
    await store(tenant, '{"names":["Bob","Ray"]}', "application/json; version=2");
    const third = Third.create({ first: "Cid", last: "Poe", vip: true });
    await annals.append({ stream, expected: "any", events: [third] });
    expect(await dataOf(tenant, Third)).toEqual([
      { first: "Ann", last: "Lee", vip: false },
      { first: "Bob", last: "Ray", vip: false },
      { first: "Cid", last: "Poe", vip: true },
    ]);
    const stored = await readAll(clientOf(server.grpcAddress, tenant));
    expect(stored.map(({ contentType }) => contentType)).toEqual([
      "application/json",
      "application/json; version=2",
      "application/json; version=3",
    ]);
  });

  test("that are newer than the definition fail with a typed error that names both", async () => {
    const tenant = newTenant();
    await store(tenant, "{}", "application/json; version=4");
    const error = await failureOf(() => dataOf(tenant, Third), "unknown_event_version");
    expect(error.details).toMatchObject({
      eventType: "OrderPlaced",
      position: 1n,
      version: 4,
      knownVersion: 3,
    });
  });

  test("that are no versions, or do not survive their upcaster, are unreadable", async () => {
    for (const [json, contentType, problem] of [
      ["{}", "application/json; version=x", "version"],
      ["{}", "application/json; version=0", "version"],
      ["{}", "application/json", "upcaster of version 1"],
      ["{", "application/json", "is not JSON"],
      ['{"names":["Ann"]}', "application/json; version=2", "last"],
    ] as const) {
      const tenant = newTenant();
      await store(tenant, json, contentType);
      const error = await failureOf(() => dataOf(tenant, Third), "unreadable_event");
      expect(error.details.problem).toContain(problem);
    }
  });

  test("are defined without a gap and without one too many", async () => {
    const schema = z.object({});
    const same = (data: unknown) => data;
    for (const [version, upcasters] of [
      [3, { 1: same }],
      [2, { 1: same, 2: same }],
      [1.5, { 1: same }],
      [0, {}],
    ] as const) {
      await failureOf(
        () => defineEvent({ ...names, schema, version, upcasters }),
        "invalid_options",
      );
    }
  });
});

describe("an event of a protobuf message", () => {
  const LimitsSet = defineEvent({ ...names, message: TenantLimitsSchema });
  const large = 2n ** 64n - 1n;

  test("is stored in its binary form under its name; bigints come back whole", async () => {
    const tenant = newTenant();
    await using annals = connect({ address: server.grpcAddress, tenant, events: [LimitsSet] });
    const event = LimitsSet.create({ eventsPerDay: large });
    await annals.append({ stream, expected: "any", events: [event] });
    const [read] = await annals.read(stream, { unknownEvents: "fail" }).toArray();
    expect(read?.data.eventsPerDay).toBe(large);
    expect(read?.data).toEqual(event.data);
    const [stored] = await readAll(clientOf(server.grpcAddress, tenant));
    expect(stored?.contentType).toBe("application/protobuf; message=annals.v1.TenantLimits");
  });

  test("takes a message, and refuses another kind of it, or a field of the wrong type", async () => {
    const message = create(TenantLimitsSchema, { openStreams: 1n });
    expect(LimitsSet.create(message).data).toEqual(message);
    for (const wrong of [create(TenantSchema), { eventsPerDay: "many" }, { eventsPerDay: -1n }]) {
      await failureOf(() => LimitsSet.create(wrong as never), "invalid_event_data");
    }
  });

  test("may have been JSON before: its upcaster gets what was stored, by its content type", async () => {
    const tenant = newTenant();
    await store(tenant, '{"perDay":"18446744073709551615"}', "application/json");
    const Now = defineEvent({
      ...names,
      message: TenantLimitsSchema,
      version: 2,
      upcasters: { 1: (v1: { perDay: string }) => ({ eventsPerDay: BigInt(v1.perDay) }) },
    });
    await using annals = connect({ address: server.grpcAddress, tenant, events: [Now] });
    const now = Now.create({ eventsPerDay: 2n });
    await annals.append({ stream, expected: "any", events: [now] });
    const read = await annals.read(stream, { unknownEvents: "fail" }).toArray();
    expect(read.map(({ data }) => data.eventsPerDay)).toEqual([large, 2n]);
  });

  test("that is something else in the log is unreadable", async () => {
    for (const contentType of [
      "application/json",
      "application/protobuf; message=annals.v1.Tenant",
      "application/protobuf",
    ]) {
      const tenant = newTenant();
      await store(tenant, "\u0008", contentType);
      await failureOf(() => dataOf(tenant, LimitsSet), "unreadable_event");
    }
  });
});
