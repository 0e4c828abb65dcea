import { type Annals, connect, defineEvent, type EventDefinition } from "@annals/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { AnnalsServer } from "#server/compose.js";
import { appendTo, clientOf, newEvent } from "../support/client.js";
import { OrderPlaced } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";
import { failureOf } from "./support/failure.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const stream = { aggregateType: "Order", aggregateId: "1" };
const define = <Schema extends z.ZodType>(schema: Schema) =>
  defineEvent({ type: "Thing", aggregateType: "Order", schema });
const open = (definition: EventDefinition, tenant = newTenant()): Annals =>
  connect({ address: server.grpcAddress, tenant, events: [definition] });

/** The data of an event as its maker has it, as a reader gets it, and as it is in the log. */
async function roundTrip<Schema extends z.ZodType>(
  schema: Schema,
  input: z.input<Schema>,
): Promise<{ made: unknown; read: unknown; stored: unknown }> {
  const definition = define(schema);
  const event = definition.create(input);
  await using annals = open(definition);
  await annals.append({ stream, expected: "any", events: [event] });
  const [read] = await annals.read(stream).toArray();
  const stored: unknown = JSON.parse(new TextDecoder().decode(event.payload));
  return { made: event.data, read: read?.data, stored };
}

describe("an event's data", () => {
  test("that JSON would drop or change without a word is refused, even by a loose schema", async () => {
    const loose = define(z.any());
    class Money {
      amount = 1;
    }
    for (const value of [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      new Map([["a", 1]]),
      new Set([1]),
      /x/,
      new Uint8Array(2),
      new Date(Number.NaN),
      () => 1,
      Symbol("x"),
      [undefined],
      [1, , 2],
      1n,
    ]) {
      const error = await failureOf(() => loose.create({ deep: [value] }), "invalid_event_data");
      expect(error.details.eventType).toBe("Thing");
    }
    for (const value of [{ a: undefined }, new Date(0), new Money(), Object.create(null), null]) {
      expect(() => loose.create({ deep: [value] })).not.toThrow();
    }
  });

  test("is stored with its defaults filled in: a later default does not change what has happened", async () => {
    let made = 0;
    const schema = z.object({
      id: z.number().default(() => ++made),
      currency: z.string().default("EUR"),
    });
    const result = await roundTrip(schema, {});
    expect(result.stored).toEqual({ id: 1, currency: "EUR" });
    expect(result.read).toEqual(result.made);
  });

  test("is stored without what its schema does not name, unless the schema is loose", async () => {
    const wide: { name: string } = Object.assign({ name: "Ann" }, { password: "secret" });
    const strip = await roundTrip(z.object({ name: z.string() }), wide);
    expect(strip).toEqual({
      made: { name: "Ann" },
      read: { name: "Ann" },
      stored: { name: "Ann" },
    });
    const loose = await roundTrip(z.looseObject({ name: z.string() }), wide);
    expect(loose.stored).toEqual({ name: "Ann", password: "secret" });
    expect(loose.read).toEqual(loose.made);
  });

  test("is for its reader what it was for its maker, through codecs and one-way transforms", async () => {
    const isoDate = z.codec(z.iso.datetime(), z.date(), {
      decode: (text) => new Date(text),
      encode: (date) => date.toISOString(),
    });
    for (const [schema, input] of [
      [z.object({ at: isoDate }), { at: "2026-01-02T03:04:05.000Z" }],
      [z.object({ at: z.coerce.date() }), { at: new Date(5) }],
      [z.object({ name: z.string().transform((text) => `${text}!`) }), { name: "Ann" }],
      [z.array(z.tuple([z.string(), z.number()])).transform((all) => new Map(all)), [["a", 1]]],
      [z.string().transform((text) => text.length), "four"],
    ] as const) {
      const result = await roundTrip(schema as z.ZodType, input);
      expect(result.read).toEqual(result.made);
    }
  });

  test("that its schema's own functions choke on is a typed error, in and out", async () => {
    const picky = define(
      z.object({ n: z.number() }).transform(({ n }) => {
        if (n > 1) throw new Error("too large");
        return n;
      }),
    );
    const error = await failureOf(() => picky.create({ n: 2 }), "invalid_event_data");
    expect(error.details.problem).toContain("too large");
    const tenant = newTenant();
    const data = new TextEncoder().encode('{"n":2}');
    const raw = clientOf(server.grpcAddress, tenant);
    await raw.append(appendTo("1", undefined, [newEvent({ eventType: "Thing", data })]));
    await using annals = open(picky, tenant);
    await failureOf(() => annals.read(stream).toArray(), "unreadable_event");
  });

  test("that cannot be read throws in its place: what comes before it is read, what comes after can be", async () => {
    const tenant = newTenant();
    const raw = clientOf(server.grpcAddress, tenant);
    const encoded = (customerName: unknown) =>
      new TextEncoder().encode(JSON.stringify({ customerName, totalAmount: 1 }));
    for (const name of ["a", "b", 3, "d"]) {
      await raw.append(appendTo("1", undefined, [newEvent({ data: encoded(name) })]));
    }
    await using annals = open(OrderPlaced, tenant);
    const seen: bigint[] = [];
    const read = async (after: bigint): Promise<void> => {
      for await (const event of annals.readAll({ after })) seen.push(event.position);
    };
    const { details } = await failureOf(() => read(0n), "unreadable_event");
    expect(seen).toEqual([1n, 2n]);
    expect(details.position).toBe(3n);
    await read(details.position);
    expect(seen).toEqual([1n, 2n, 4n]);
  });
});
