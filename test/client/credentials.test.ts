import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { allTenants, connect, requireTenant, runWithTenant } from "@annals/client";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { Connection } from "#client/connection/connection.js";
import type { AnnalsServer } from "#server/compose.js";
import { OrderPlaced } from "../support/orders.js";
import { startTestServer } from "../support/server.js";
import { startFakeServer } from "./support/fake-server.js";
import { failureOf } from "./support/failure.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const placing = {
  stream: { aggregateType: "Order", aggregateId: "1" },
  expected: "any",
  events: [OrderPlaced.create({ customerName: "Ann", totalAmount: 1 })],
} as const;
const whole = { scope: "all-tenants" } as const;

describe("credentials", () => {
  test("a call waits for them no longer than its deadline, or its signal", async () => {
    const never = () => new Promise<string>(() => undefined);
    await using annals = connect({ address: server.grpcAddress, token: never });
    await failureOf(() => annals.getHead({ deadlineMs: 30 }), "deadline_exceeded");
    await failureOf(() => annals.getHead({ signal: AbortSignal.timeout(30) }), "cancelled");
    const reading = annals.readAll({ signal: AbortSignal.timeout(30) });
    await failureOf(() => reading.toArray(), "cancelled");
  });

  test("the time that a call waits for them is part of its time", async () => {
    const token = () => sleep(60).then(() => "t");
    const connection = new Connection({ address: "127.0.0.1:1", token });
    onTestFinished(() => {
      connection.close();
    });
    const { remainingMs } = await connection.prepare({ deadlineMs: 30_000 });
    expect(remainingMs).toBeLessThanOrEqual(29_945);
  });

  test("a tenant that a function gives is never all tenants, and never none", async () => {
    await using annals = connect({ address: server.grpcAddress, tenant: requireTenant });
    for (const wrong of [allTenants, ""]) {
      const read = () => runWithTenant(wrong, () => annals.readAll(whole).toArray());
      await failureOf(read, "tenant_required");
    }
    const nothing = JSON.parse("{}") as { tenant: string };
    await using forgetful = connect({ address: server.grpcAddress, tenant: () => nothing.tenant });
    await failureOf(() => forgetful.getHead(), "tenant_required");
    await failureOf(() => forgetful.append(placing), "tenant_required");
    const tokenless = JSON.parse("{}") as { token: string };
    await using careless = connect({ address: server.grpcAddress, token: () => tokenless.token });
    const refused = await failureOf(() => careless.getHead(), "unauthenticated");
    expect(refused.message).toContain("provider gave no token");
    await using operator = connect({ address: server.grpcAddress, tenant: allTenants });
    expect(await operator.readAll(whole).toArray()).toEqual([]);
  });

  test("a token that is no header value is not shown in the error", async () => {
    await using annals = connect({ address: server.grpcAddress, token: "sec\nret" });
    const error = await failureOf(() => annals.getHead(), "unauthenticated");
    expect(error.outcomeUnknown).toBe(false);
    expect(`${error.message} ${error.stack ?? ""} ${String(error.cause)}`).not.toContain("ret");
  });

  test("an aborted call whose provider throws at once is cancelled, and no more", async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", onUnhandled);
    await using annals = connect({
      address: server.grpcAddress,
      token: "x",
      tenant: requireTenant,
    });
    for (const call of [
      (signal: AbortSignal) => annals.append(placing, { signal }),
      (signal: AbortSignal) => annals.getHead({ signal }),
    ]) {
      const controller = new AbortController();
      const called = call(controller.signal);
      controller.abort();
      await failureOf(() => called, "cancelled");
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", onUnhandled);
    expect(unhandled).toEqual([]);
  });

  test.each(["unary", "pipelined"] as const)(
    "closing ends whatever waits for them, with %s appends",
    async (appends) => {
      const ask = vi.fn(() => new Promise<string>(() => undefined));
      const annals = connect({ address: server.grpcAddress, tenant: ask, appends });
      const waiting = [
        annals.append(placing),
        annals.getHead(),
        annals.readAll().toArray(),
        annals.subscribe().toArray(),
      ].map((call) => failureOf(() => call, "closed"));
      await vi.waitUntil(() => ask.mock.calls.length === waiting.length);
      await annals.close();
      for (const error of await Promise.all(waiting)) expect(error.outcomeUnknown).toBe(false);
    },
  );

  test("a process whose client was closed while an append waits for them ends", async () => {
    const program = `
      import { connect } from "@annals/client";
      const annals = connect({ address: "${server.grpcAddress}", tenant: () => {
        setImmediate(() => annals.close());
        return new Promise(() => undefined);
      } });
      const stream = { aggregateType: "Order", aggregateId: "1" };
      const append = annals.append({ stream, expected: "any", events: [] });
      console.log(await append.catch(({ code }) => code));`;
    const args = ["--input-type=module", "-e", program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 10_000 });
    expect(stdout).toBe("closed\n");
  });

  test("a client closed while it waits for a token opens no connection", async () => {
    await using fake = await startFakeServer();
    let give: (token: string) => void = () => undefined;
    const token = new Promise<string>((resolve) => (give = resolve));
    const annals = connect({ address: fake.address, token: () => token });
    const call = annals.getHead();
    await annals.close();
    give("late");
    const error = await failureOf(() => call, "closed");
    expect(error.outcomeUnknown).toBe(false);
    expect(fake.connections).toBe(0);
  });
});
