import { type CallOptions, connect, defineEvent, isAnnalsError } from "@annals/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { AnnalsServer } from "#server/compose.js";
import { newTenant, startTestServer } from "../support/server.js";
import { failureOf } from "./support/failure.js";
import { startFakeServer } from "./support/fake-server.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const Noted = defineEvent({ type: "Noted", aggregateType: "Note", schema: z.string() });
const stream = { aggregateType: "Note", aggregateId: "1" };

describe.each(["unary", "pipelined"] as const)("%s appends", (appends) => {
  test("that are too large for a message never reach the wire", async () => {
    await using fake = await startFakeServer();
    await using annals = connect({ address: fake.address, tenant: newTenant(), appends });
    const events = Array.from({ length: 6 }, () => Noted.create("x".repeat(1_000_000)));
    const { details, outcomeUnknown } = await failureOf(
      () => annals.append({ stream, expected: "any", events }),
      "limit_exceeded",
    );
    expect(details).toMatchObject({ limit: "message_bytes", maximum: 5_242_816n });
    expect(details.actual).toBeGreaterThan(6_000_000n);
    expect(outcomeUnknown).toBe(false);
    expect(fake.connections).toBe(0);
  });

  test("that are too large only as bytes never reach the wire either", async () => {
    await using fake = await startFakeServer();
    await using annals = connect({ address: fake.address, tenant: newTenant(), appends });
    const metadata = { note: "€".repeat(900_000) };
    const events = [1, 2].map(() => Noted.create("", { metadata }));
    await failureOf(() => annals.append({ stream, expected: "any", events }), "limit_exceeded");
    expect(fake.connections).toBe(0);
  });

  test("to a stream whose name is too large for a message never reach the wire", async () => {
    await using fake = await startFakeServer();
    await using annals = connect({ address: fake.address, tenant: newTenant(), appends });
    for (const field of ["aggregateType", "aggregateId"] as const) {
      const enormous = { ...stream, [field]: "x".repeat(6_000_000) };
      const { details, outcomeUnknown } = await failureOf(
        () => annals.append({ stream: enormous, expected: "any", events: [Noted.create("")] }),
        "limit_exceeded",
      );
      expect(details).toMatchObject({ limit: "message_bytes", maximum: 5_242_816n });
      expect(outcomeUnknown).toBe(false);
    }
    expect(fake.connections).toBe(0);
  });

  test("that only look too large by their characters are sent", async () => {
    await using annals = connect({ address: server.grpcAddress, tenant: newTenant(), appends });
    const metadata = { note: "x".repeat(900_000) };
    const events = [1, 2].map(() => Noted.create("", { metadata }));
    const result = await annals.append({ stream, expected: "any", events });
    expect(result.version).toBe(2n);
  });
});

test("a producer that never waits is stopped at a bound of bytes, and may go on after answers", async () => {
  const nobody = "127.0.0.1:1";
  await using annals = connect({ address: nobody, tenant: newTenant(), appends: "pipelined" });
  const large = Noted.create("x".repeat(1_000_000));
  const append = (options: CallOptions) =>
    annals.append({ stream, expected: "any", events: [large] }, options);
  const controller = new AbortController();
  const { signal } = controller;
  const appends = Promise.allSettled(Array.from({ length: 300 }, () => append({ signal })));
  const { details, retryAfterMs } = await failureOf(() => append({}), "limit_exceeded");
  expect(details).toMatchObject({ limit: "pending_bytes", maximum: 268_435_456n });
  expect(retryAfterMs).toBe(100);
  controller.abort();
  const outcomes = await appends;
  const codes = outcomes.map((outcome) =>
    outcome.status === "rejected" && isAnnalsError(outcome.reason) ? outcome.reason.code : "none",
  );
  const taken = codes.filter((code) => code === "cancelled").length;
  expect(codes.filter((code) => code === "limit_exceeded")).toHaveLength(300 - taken);
  expect(taken).toBeGreaterThan(250);
  expect(taken).toBeLessThan(269);
  // There is room again: this one is taken, and waits for a server until its time is up.
  await failureOf(() => append({ deadlineMs: 50 }), "deadline_exceeded");
});
