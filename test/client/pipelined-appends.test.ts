import { execFile } from "node:child_process";
import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { allTenants, connect, defineEvent, requireTenant, runWithTenant } from "@annals/client";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { ErrorDetailSchema, ErrorReason } from "@annals/proto/annals/v1/error";
import type { AnnalsServer } from "#server/compose.js";
import { join } from "node:path";
import { newTenant, startTestServer } from "../support/server.js";
import { tempFolder } from "../support/temp-folder.js";
import { startAnswerLosingProxy } from "./support/answer-losing-proxy.js";
import { failureOf } from "./support/failure.js";
import { startFakeServer } from "./support/fake-server.js";

const Counted = defineEvent({
  type: "Counted",
  aggregateType: "Counter",
  schema: z.object({ n: z.number() }),
});
const stream = { aggregateType: "Counter", aggregateId: "1" };
const counted = (n: number) => ({
  stream,
  expected: BigInt(n),
  events: [Counted.create({ n })],
});

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const open = (address: string, tenant: string | (() => string)) =>
  connect({ address, tenant, events: [Counted], appends: "pipelined" });

/** How many listeners a signal has, and signals that follow it: `AbortSignal.any` keeps those in a set. */
function keptBy(signal: AbortSignal): number {
  const isFollowers = (key: symbol) => key.description === "kDependantSignals";
  const followers = Object.getOwnPropertySymbols(signal).find(isFollowers);
  const { size = 0 } = followers ? (Reflect.get(signal, followers) as Set<unknown>) : {};
  return getEventListeners(signal, "abort").length + size;
}

describe("pipelined appends", () => {
  test("10,000 in one tick all succeed, and after close the process ends", async () => {
    const args = ["test/client/support/append-and-exit.mjs", server.grpcAddress, newTenant()];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout.trim()).toBe("10000");
  }, 60_000);

  /** A fake server that answers appends at once, but for those of one tenant. */
  async function startCounting(unanswered?: string) {
    const seen = { streams: 0, open: 0, unary: 0 };
    const outcome = { case: "appended", value: {} } as const;
    const fake = await startFakeServer({
      async *appendStream(requests, { requestHeader }) {
        seen.streams++;
        seen.open++;
        try {
          for await (const { correlationId } of requests) {
            if (requestHeader.get("x-tenant-id") === unanswered) continue;
            yield { correlationId, outcome };
          }
        } finally {
          seen.open--;
        }
      },
      append: () => {
        seen.unary++;
        return {};
      },
    });
    onTestFinished(() => fake[Symbol.asyncDispose]());
    const annals = open(fake.address, requireTenant);
    onTestFinished(() => annals.close());
    const append = (tenant: string) => runWithTenant(tenant, () => annals.append(counted(0)));
    return { append, seen };
  }

  test("of many credentials the idle ones give way: no more than 32 calls are open", async () => {
    const { append, seen } = await startCounting();
    for (let i = 0; i < 40; i++) await append(newTenant());
    await expect.poll(() => seen).toEqual({ streams: 40, open: 32, unary: 0 });
  });

  test("one that waits for an answer gives way to nobody", async () => {
    const busy = newTenant();
    const { append, seen } = await startCounting(busy);
    const failed = vi.fn();
    append(busy).catch(failed);
    await expect.poll(() => seen.open).toBe(1);
    for (let i = 0; i < 40; i++) await append(newTenant());
    await expect.poll(() => seen.open).toBe(32);
    expect(failed).not.toHaveBeenCalled();
  });

  test("one that goes alone has the time that is left, not all of it again", async () => {
    let timeout = "";
    const value = { reason: ErrorReason.UNIMPLEMENTED, requestId: "r" };
    await using fake = await startFakeServer({
      async *appendStream() {
        await sleep(50);
        yield* [];
        throw new ConnectError("no such call", Code.Unimplemented, undefined, [
          { desc: ErrorDetailSchema, value },
        ]);
      },
      append: (_, { requestHeader }) => {
        timeout = requestHeader.get("grpc-timeout") ?? "";
        return {};
      },
    });
    await using annals = open(fake.address, newTenant());
    await annals.append(counted(0), { deadlineMs: 30_000 });
    expect(timeout).toMatch(/^\d+m$/);
    expect(parseInt(timeout)).toBeLessThanOrEqual(29_960);
  });

  test("one that fails leaves the others alone", async () => {
    await using annals = open(server.grpcAddress, newTenant());
    const first = annals.append(counted(0));
    const wrong = annals.append(counted(7));
    const second = annals.append(counted(1));
    expect((await failureOf(() => wrong, "version_conflict")).outcomeUnknown).toBe(false);
    expect(await first).toMatchObject({ version: 1n });
    expect(await second).toMatchObject({ version: 2n });
  });

  test("each goes in the name of its caller", async () => {
    const [a, b] = [newTenant(), newTenant()];
    await using annals = open(server.grpcAddress, requireTenant);
    const append = () => annals.append(counted(0));
    await Promise.all([runWithTenant(a, append), runWithTenant(b, append)]);
    const read = () => annals.readAll().toArray();
    expect(await runWithTenant(a, read)).toMatchObject([{ tenantId: a }]);
    expect(await runWithTenant(b, read)).toMatchObject([{ tenantId: b }]);
    await failureOf(append, "tenant_required");
  });

  test("of a call that is refused as a whole nothing was written, and it says so", async () => {
    await using annals = connect({ address: server.grpcAddress, tenant: allTenants });
    const refused = await failureOf(() => annals.append(counted(0)), "permission_denied");
    expect(refused.outcomeUnknown).toBe(false);
    expect(refused.requestId).not.toBe("");
  });

  test("a tenant that may open no more streams appends all the same", async () => {
    await using limited = await startTestServer({ tenantOpenStreams: "1" });
    await using annals = open(limited.grpcAddress, newTenant());
    const following = annals.readAll({ follow: true }).pages();
    await following.next();
    expect(await annals.append(counted(0))).toMatchObject({ version: 1n });
    await following.return();
  });

  test("after a lost call a tenant without a stream left sends them alone, and they stay in doubt", async () => {
    const noStreamLeft = new ConnectError("no", Code.ResourceExhausted, undefined, [
      {
        desc: ErrorDetailSchema,
        value: create(ErrorDetailSchema, {
          reason: ErrorReason.LIMIT_EXCEEDED,
          requestId: "r-1",
          detail: { case: "limitExceeded", value: { limit: "tenant_open_streams" } },
        }),
      },
    ]);
    const suspended = new ConnectError("unpaid", Code.PermissionDenied, undefined, [
      {
        desc: ErrorDetailSchema,
        value: create(ErrorDetailSchema, {
          reason: ErrorReason.TENANT_SUSPENDED,
          requestId: "r-2",
        }),
      },
    ]);
    let calls = 0;
    await using fake = await startFakeServer({
      async *appendStream(requests) {
        yield* [];
        if (++calls > 1) throw noStreamLeft;
        await requests[Symbol.asyncIterator]().next();
        throw new ConnectError("cut", Code.Unavailable);
      },
      append: () => Promise.reject(suspended),
    });
    await using annals = open(fake.address, newTenant());
    const error = await failureOf(() => annals.append(counted(0)), "tenant_suspended");
    expect(error).toMatchObject({ requestId: "r-2", outcomeUnknown: true });
  });

  test("many may have one signal", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on("warning", onWarning);
    await using annals = open(server.grpcAddress, newTenant());
    const controller = new AbortController();
    const { signal } = controller;
    await Promise.all(Array.from({ length: 30 }, (_, n) => annals.append(counted(n), { signal })));
    const [one, two] = [annals.append(counted(30), { signal }), annals.append(counted(31))];
    controller.abort();
    await failureOf(() => one, "cancelled");
    await two.catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  test("after a lost answer they are sent again, and written once", async () => {
    await using proxy = await startAnswerLosingProxy(server.grpcAddress);
    await using annals = open(proxy.address, newTenant());
    proxy.loseNextAnswer();
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, n) => annals.append(counted(n))),
    );
    expect(results.some(({ deduplicated }) => deduplicated)).toBe(true);
    const events = await annals.read(stream).toArray();
    expect(events.map(({ data }) => data)).toEqual(Array.from({ length: 50 }, (_, n) => ({ n })));
  });

  test("a server that restarts in the middle has each once, in order", async () => {
    const store = `sqlite:${join(tempFolder(), "log.db")}`;
    const tenant = newTenant();
    const first = await startTestServer({ store });
    const { grpcAddress } = first;
    await using annals = open(grpcAddress, tenant);
    const appends = Array.from({ length: 2_000 }, (_, n) => annals.append(counted(n)));
    await appends[300];
    await first.stop();
    expect(await Promise.race([appends[1_999], Promise.resolve("waiting")])).toBe("waiting");
    const second = await startTestServer({ store, grpcAddress });
    await Promise.all(appends);
    const events = await annals.read(stream).toArray();
    expect(events.map(({ data }) => data)).toEqual(
      Array.from({ length: 2_000 }, (_, n) => ({ n })),
    );
    await annals.close();
    await second.stop();
  }, 60_000);

  test("one that is too large is refused before it is sent, and the others go on", async () => {
    await using annals = open(server.grpcAddress, newTenant());
    const event = Counted.create({ n: 0 }, { metadata: { note: "x".repeat(6_000_000) } });
    const large = annals.append({ ...counted(0), events: [event] });
    const small = annals.append(counted(0));
    expect((await failureOf(() => large, "limit_exceeded")).details.actual).toBeGreaterThan(
      6_000_000n,
    );
    expect(await small).toMatchObject({ version: 1n });
  });

  test("one to a stream with an enormous name is refused, and those around it go on", async () => {
    await using annals = open(server.grpcAddress, newTenant());
    const before = annals.append(counted(0));
    const enormous = { ...stream, aggregateId: "x".repeat(6_000_000) };
    const refused = annals.append({ ...counted(0), stream: enormous });
    const after = annals.append(counted(1));
    const { details } = await failureOf(() => refused, "limit_exceeded");
    expect(details.limit).toBe("message_bytes");
    expect(await before).toMatchObject({ version: 1n });
    expect(await after).toMatchObject({ version: 2n });
  });

  test.each(["given", "asked for"] as const)(
    "with a credential that is %s leave nothing behind on a signal that lives long",
    async (way) => {
      const tenant = newTenant();
      await using annals = open(server.grpcAddress, way === "given" ? tenant : () => tenant);
      const { signal } = new AbortController();
      for (let n = 0; n < 50; n++) await annals.append(counted(n), { signal });
      expect(keptBy(signal)).toBe(0);
    },
  );

  test("without an answer they end by deadline, signal or close, and their outcome is unknown", async () => {
    let arrived: (id: bigint) => void = () => undefined;
    const silent = await startFakeServer({
      async *appendStream(requests, { signal }) {
        for await (const { correlationId } of requests) arrived(correlationId);
        if (!signal.aborted) yield* [];
      },
    });
    await using annals = open(silent.address, newTenant());
    const sent = () => new Promise<bigint>((resolve) => (arrived = resolve));
    const late = failureOf(
      () => annals.append(counted(0), { deadlineMs: 500 }),
      "deadline_exceeded",
    );
    expect((await late).outcomeUnknown).toBe(true);
    const controller = new AbortController();
    const atServer = sent();
    const aborted = annals.append(counted(0), { signal: controller.signal });
    await atServer;
    controller.abort();
    expect((await failureOf(() => aborted, "cancelled")).outcomeUnknown).toBe(true);
    const again = sent();
    const closed = annals.append(counted(0));
    await again;
    await annals.close();
    expect((await failureOf(() => closed, "closed")).outcomeUnknown).toBe(true);
    await silent[Symbol.asyncDispose]();
  });
});
