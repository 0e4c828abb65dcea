import { spawn } from "node:child_process";
import { getEventListeners, once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import {
  allTenants,
  AnnalsError,
  connect,
  type ErrorCode,
  isAnnalsError,
  requireTenant,
  runWithTenant,
} from "@annals/client";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { Connection } from "#client/connection/connection.js";
import { sleep } from "#client/connection/sleep.js";
import type { AnnalsServer } from "#server/compose.js";
import { OrderPlaced } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const stream = { aggregateType: "Order", aggregateId: "1" };
const placed = () => OrderPlaced.create({ customerName: "Ann", totalAmount: 1 });

/** The error of a certain code that a promise rejects with. */
async function errorOf<Code extends ErrorCode>(
  promise: Promise<unknown>,
  code: Code,
): Promise<AnnalsError<Code>> {
  const error: unknown = await promise.then(
    () => expect.fail(`expected ${code}`),
    (reason: unknown) => reason,
  );
  if (!isAnnalsError(error, code)) throw error;
  return error;
}

describe("errors", () => {
  test("a version conflict is typed: what was expected and where the stream is", async () => {
    await using annals = connect({ address: server.grpcAddress, tenant: newTenant() });
    await annals.append({ stream, expected: "no_stream", events: [placed()] });
    const append = annals.append({ stream, expected: 0n, events: [placed()] });
    const error = await errorOf(append, "version_conflict");
    expect(error.details).toEqual({ expected: "0", actualVersion: 1n });
    expect(error.outcomeUnknown).toBe(false);
    expect(error.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("each of the server's reasons is its own code", async () => {
    const tenant = newTenant();
    await using annals = connect({ address: server.grpcAddress, tenant });
    const event = placed();
    await annals.append({ stream, expected: "any", events: [event] });
    const other = { aggregateType: "Order", aggregateId: "2" };
    const duplicate = annals.append({ stream: other, expected: "any", events: [event] });
    expect((await errorOf(duplicate, "duplicate_event_id")).details).toEqual({
      eventId: event.eventId,
    });
    await errorOf(annals.read(other).toArray(), "stream_not_found");
    await errorOf(annals.getEvent(newTenant()), "event_not_found");
    const empty = annals.append({ stream, expected: "any", events: [] });
    expect((await errorOf(empty, "invalid_argument")).details.field).toBe("events");
    const long = { aggregateType: "Order", aggregateId: "x".repeat(300) };
    expect((await errorOf(annals.getStream(long), "limit_exceeded")).details).toMatchObject({
      limit: "name_bytes",
      maximum: 255n,
      actual: 300n,
    });
    await using stranger = connect({ address: server.grpcAddress, tenant: newTenant() });
    expect((await errorOf(stranger.read(stream).toArray(), "foreign_stream")).details).toEqual(
      stream,
    );
    const whole = annals.readAll({ scope: "all-tenants" }).toArray();
    await errorOf(whole, "permission_denied");
    await using wrong = connect({ address: server.grpcAddress, token: "x" });
    await errorOf(wrong.getHead(), "unauthenticated");
  });

  test("an error of another copy of the package is recognised", () => {
    const copy = Object.assign(new Error("elsewhere"), { code: "closed" });
    expect(isAnnalsError(copy)).toBe(false);
    Object.defineProperty(copy, Symbol.for("annals.client.error"), { value: true });
    expect(isAnnalsError(copy, "closed")).toBe(true);
    expect(isAnnalsError(copy, "unavailable")).toBe(false);
  });

  test("a server that cannot be reached is unavailable", async () => {
    await using annals = connect({ address: "127.0.0.1:1", tenant: newTenant() });
    await errorOf(annals.getHead(), "unavailable");
  });
});

describe("deadlines and signals", () => {
  /** A server that takes calls and never answers. */
  async function withSilentServer(run: (address: string) => Promise<void>): Promise<void> {
    const silent = createServer();
    const sessions = new Set<{ destroy(): void }>();
    silent.on("session", (session) => sessions.add(session));
    silent.on("stream", (call) => {
      call.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    try {
      await run(`127.0.0.1:${(silent.address() as AddressInfo).port}`);
    } finally {
      for (const session of sessions) session.destroy();
      silent.close();
    }
  }

  test("a call ends at its deadline, and an append's outcome is then unknown", async () => {
    await withSilentServer(async (address) => {
      await using annals = connect({ address, tenant: newTenant(), deadlineMs: 50 });
      const append = annals.append({ stream, expected: "any", events: [placed()] });
      expect((await errorOf(append, "deadline_exceeded")).outcomeUnknown).toBe(true);
      const reading = annals.readAll({ deadlineMs: 50 }).toArray();
      await errorOf(reading, "deadline_exceeded");
    });
  });

  test("an aborted signal ends the call", async () => {
    await withSilentServer(async (address) => {
      await using annals = connect({ address, tenant: newTenant() });
      const controller = new AbortController();
      const request = { stream, expected: "any", events: [placed()] } as const;
      const append = annals.append(request, { signal: controller.signal });
      const reading = annals.readAll({ signal: controller.signal }).toArray();
      setTimeout(() => {
        controller.abort();
      }, 50);
      expect((await errorOf(append, "cancelled")).outcomeUnknown).toBe(true);
      await errorOf(reading, "cancelled");
      await errorOf(annals.getHead({ signal: AbortSignal.abort() }), "cancelled");
    });
  });

  test("many readers of one signal listen to it once, and no more when they are done", async () => {
    await using annals = connect({ address: server.grpcAddress, tenant: newTenant() });
    const { signal } = new AbortController();
    const readers = Array.from({ length: 12 }, () =>
      annals.readAll({ follow: true, signal }).pages(),
    );
    await Promise.all(readers.map((reader) => reader.next()));
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await Promise.all(readers.map((reader) => reader.return()));
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("many calls of one signal listen to it once, and end with it", async () => {
    await withSilentServer(async (address) => {
      await using annals = connect({ address, tenant: newTenant() });
      const aborting = new AbortController();
      const calls = Array.from({ length: 30 }, () => annals.getHead({ signal: aborting.signal }));
      expect(getEventListeners(aborting.signal, "abort")).toHaveLength(1);
      aborting.abort();
      for (const call of calls) await expect(call).rejects.toMatchObject({ code: "cancelled" });
      expect(getEventListeners(aborting.signal, "abort")).toEqual([]);
    });
  });

  test("calls that were answered, and sleeps that are over, leave no listener on their signal", async () => {
    await using annals = connect({ address: server.grpcAddress, tenant: newTenant() });
    const { signal } = new AbortController();
    for (let i = 0; i < 3; i++) {
      await annals.getHead({ signal });
      await sleep(1, signal);
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("a pause that the client's closing ends leaves no timer behind", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const connection = new Connection({ address: "127.0.0.1:1", tenant: newTenant() });
    const pausing = errorOf(connection.pause(60_000), "closed");
    expect(vi.getTimerCount()).toBe(1);
    connection.close();
    await pausing;
    expect(vi.getTimerCount()).toBe(0);
  });

  test("closing ends what is under way; later calls say that the client is closed", async () => {
    await withSilentServer(async (address) => {
      const annals = connect({ address, tenant: newTenant() });
      const pending = annals.getHead();
      setTimeout(() => void annals.close(), 50);
      await errorOf(pending, "closed");
      await annals.close();
      await errorOf(annals.getHead(), "closed");
      await errorOf(annals.readAll().toArray(), "closed");
    });
  });

  test("leaving a loop cancels the server's call: it holds up nothing when the server stops", async () => {
    const own = await startTestServer();
    await using annals = connect({ address: own.grpcAddress, tenant: newTenant() });
    const padding = "x".repeat(100_000);
    for (let i = 0; i < 50; i++) {
      const events = [OrderPlaced.create({ customerName: padding, totalAmount: i })];
      await annals.append({ stream, expected: "any", events });
    }
    for await (const event of annals.readAll()) {
      expect(event.position).toBe(1n);
      break;
    }
    expect(await own.stop()).toBe(true);
  });

  test("after close the process exits by itself", async () => {
    const script = `
      import { connect } from "@annals/client";
      const annals = connect({ address: "${server.grpcAddress}", tenant: "${newTenant()}" });
      for await (const event of annals.readAll()) console.log(event);
      console.log((await annals.getHead()).position === 0n);
      await annals.close();
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 10_000,
    });
    let output = "";
    child.stdout.on("data", (text: Buffer) => (output += text.toString()));
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(output).toBe("true\n");
  });
});

describe("credentials", () => {
  test("a token never goes in the clear to another machine, unless told so", () => {
    const open = (address: string, allowPlaintext?: boolean) => () =>
      connect({ address, token: "t", ...(allowPlaintext === undefined ? {} : { allowPlaintext }) });
    expect(open("http://db.example.com:50051")).toThrow("in the clear");
    for (const fine of [
      "https://db.example.com",
      "db.example.com:50051",
      "127.0.0.1:1",
      "[::1]:1",
    ]) {
      expect(open(fine)).not.toThrow();
    }
    expect(open("http://db.example.com:50051", true)).not.toThrow();
    expect(() => connect({ address: "127.0.0.1:1" })).toThrow(AnnalsError);
    expect(() => connect({ address: "not an address", tenant: "x" })).toThrow(AnnalsError);
  });

  test("a provider is asked for each call, in the caller's context", async () => {
    const [a, b] = [newTenant(), newTenant()];
    await using annals = connect({ address: server.grpcAddress, tenant: requireTenant });
    const append = () => annals.append({ stream, expected: "no_stream", events: [placed()] });
    await Promise.all([runWithTenant(a, append), runWithTenant(b, append)]);
    const read = () => annals.readAll().toArray();
    expect(await runWithTenant(a, read)).toMatchObject([{ tenantId: a }]);
    expect(await runWithTenant(b, read)).toMatchObject([{ tenantId: b }]);
    await errorOf(annals.getHead(), "tenant_required");
    const broken = (): string => {
      throw new Error("no token today");
    };
    await using failing = connect({ address: server.grpcAddress, token: broken });
    const error = await errorOf(failing.getHead(), "unauthenticated");
    expect(error.cause).toMatchObject({ message: "no token today" });
  });

  test("the operator reads all tenants by cursor", async () => {
    const own = await startTestServer();
    const [a, b] = [newTenant(), newTenant()];
    for (const tenant of [a, b]) {
      await using annals = connect({ address: own.grpcAddress, tenant });
      await annals.append({ stream, expected: "any", events: [placed()] });
    }
    await using operator = connect({ address: own.grpcAddress, tenant: allTenants });
    const whole = { scope: "all-tenants" } as const;
    const events = await operator.readAll(whole).toArray();
    expect(events.map((event) => [event.tenantId, event.globalPosition])).toEqual([
      [a, 1n],
      [b, 2n],
    ]);
    const { cursor, globalPosition } = await operator.getHead(whole);
    expect(globalPosition).toBe(2n);
    expect(await operator.readAll({ ...whole, after: cursor }).toArray()).toEqual([]);
    await own.stop();
  });
});
