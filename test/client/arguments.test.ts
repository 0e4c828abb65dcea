import { type Annals, connect } from "@annals/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { OrderPlaced } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";
import { failureOf } from "./support/failure.js";

let server: AnnalsServer;
let annals: Annals;
beforeAll(async () => {
  server = await startTestServer();
  annals = connect({ address: server.grpcAddress, tenant: newTenant() });
});
afterAll(async () => {
  await annals.close();
  await server.stop();
});

const placed = (options = {}) =>
  OrderPlaced.create({ customerName: "Ann", totalAmount: 1 }, options);
const order = (aggregateId: string) => ({ aggregateType: "Order", aggregateId });

describe("arguments", () => {
  test("half of a surrogate pair is refused wherever text goes: two names never become one", async () => {
    const half = "a\ud800";
    const append = (stream = order("1"), options = {}) =>
      annals.append({ stream, expected: "any", events: [placed(options)] });
    const filter = { tags: [half] };
    const calls: Record<string, () => Promise<unknown>> = {
      "stream.aggregate_id": () => append(order(half)),
      "stream.aggregate_type": () => append({ aggregateType: half, aggregateId: "1" }),
      "events[0].event_id": () => append(order("1"), { eventId: half }),
      "events[0].metadata key": () => append(order("1"), { metadata: { [half]: "" } }),
      'events[0].metadata["k"]': () => append(order("1"), { metadata: { k: half } }),
      "events[0].correlation_id": () => append(order("1"), { correlationId: half }),
      "events[0].causation_id": () => append(order("1"), { causationId: half }),
      "events[0].tags[1]": () => append(order("1"), { tags: ["fine", half] }),
      "filter.tags[0]": () => annals.readAll({ filter }).toArray(),
      after_cursor: () => annals.readAll({ after: half }).toArray(),
      aggregate_type: () => annals.getEventsByType(half).toArray(),
      "event_types[0]": () => annals.getEventsByType("Order", { eventTypes: [half] }).toArray(),
      event_id: () => annals.getEvent(half),
    };
    for (const [field, call] of Object.entries(calls)) {
      const error = await failureOf(call, "invalid_argument");
      expect(error.details.field).toBe(field);
      expect(error.outcomeUnknown).toBe(false);
    }
    await failureOf(() => annals.getStream(order(half)), "invalid_argument");
    await failureOf(() => annals.read(order(half)).toArray(), "invalid_argument");
    expect(await annals.getHead()).toMatchObject({ position: 0n });
  });

  test("a number that the wire would take for another is refused: a limit of 0 is not everything", async () => {
    const events = [placed()];
    const calls: Record<string, () => Promise<unknown>> = {
      "limit 0": () => annals.readAll({ limit: 0 }).toArray(),
      "limit -1": () => annals.readAll({ limit: -1n }).toArray(),
      "limit 1.5": () => annals.readAll({ limit: 1.5 }).toArray(),
      "limit NaN": () => annals.read(order("1"), { limit: Number.NaN }).toArray(),
      "version -1": () => annals.read(order("1"), { fromVersion: -1n }).toArray(),
      "version 0": () => annals.read(order("1"), { toVersion: 0n }).toArray(),
      "position -1": () => annals.readAll({ after: -1n }).toArray(),
      "position 2^64": () => annals.readAll({ before: 2n ** 64n }).toArray(),
      "page of 0": () => annals.getEventsByType("Order", { pageSize: 0 }).toArray(),
      "expected -1": () => annals.append({ stream: order("1"), expected: -1n, events }),
    };
    for (const [name, call] of Object.entries(calls)) {
      const error = await failureOf(call, "invalid_argument");
      expect(error.message, name).toContain("must be an integer from");
    }
  });

  test("a time that is none is refused, where it is said", async () => {
    const never = new Date(Number.NaN);
    await failureOf(() => placed({ occurredAt: never }), "invalid_event");
    const filter = { recordedFrom: never };
    await failureOf(() => annals.readAll({ filter }).toArray(), "invalid_argument");
    const byType = () => annals.getEventsByType("Order", { recordedBefore: never }).toArray();
    await failureOf(byType, "invalid_argument");
  });

  test("a deadline is above 0 and has a place on the wire", async () => {
    for (const deadlineMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 100_000_000]) {
      await failureOf(() => annals.getHead({ deadlineMs }), "invalid_options");
      await failureOf(() => annals.readAll({ deadlineMs }).toArray(), "invalid_options");
      const { grpcAddress: address } = server;
      await failureOf(() => connect({ address, tenant: "x", deadlineMs }), "invalid_options");
    }
    expect(await annals.getHead({ deadlineMs: 99_999_999 })).toMatchObject({ position: 0n });
    expect(await annals.getHead({ deadlineMs: 5_000.5 })).toMatchObject({ position: 0n });
  });

  test("an address is a host and a port and no more, and its error does not show a password", async () => {
    const { grpcAddress } = server;
    for (const address of [
      `http://${grpcAddress}/behind/a/path`,
      `grpc://${grpcAddress}`,
      `http://user:secret@${grpcAddress}`,
      `${grpcAddress}?x=1`,
      "",
    ]) {
      const error = await failureOf(() => connect({ address, tenant: "x" }), "invalid_options");
      expect(error.message).not.toContain("secret");
    }
  });
});
