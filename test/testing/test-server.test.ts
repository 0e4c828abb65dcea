import { connect } from "@annals/client";
import { startTestServer } from "@annals/server/testing";
import { expect, test } from "vitest";
import { OrderPlaced } from "../support/orders.js";

test("a test server is a whole one, with tenants that do not see each other; closed, it is gone", async () => {
  const server = await startTestServer();
  const { address } = server;
  const [a, b] = [server.tenant(), server.tenant()];
  await using annals = connect({ address, tenant: a, events: [OrderPlaced], deadlineMs: 5_000 });
  await using other = connect({ address, tenant: b, events: [OrderPlaced] });
  const stream = { aggregateType: "Order", aggregateId: "1" };
  const events = [OrderPlaced.create({ customerName: "Ann", totalAmount: 1 })];
  await annals.append({ stream, expected: "no_stream", events });
  expect(await annals.readAll().toArray()).toHaveLength(1);
  expect(await other.readAll().toArray()).toHaveLength(0);
  await server.close();
  await server.close();
  await expect(annals.getHead()).rejects.toMatchObject({ code: "unavailable" });
});

test("test servers stand side by side, each with its own events, and take settings", async () => {
  await using first = await startTestServer();
  await using second = await startTestServer({ httpAddress: "off" });
  expect(first.address).not.toBe(second.address);
  expect(first.httpAddress).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(second.httpAddress).toBe("");
  await expect(startTestServer({ store: "nowhere:" })).rejects.toThrow("store");
});
