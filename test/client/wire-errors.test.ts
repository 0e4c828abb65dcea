import {
  type Annals,
  AggregateRepository,
  connect,
  type ErrorCode,
  isAnnalsError,
} from "@annals/client";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ErrorDetailSchema, ErrorReason } from "@annals/proto/annals/v1/error";
import { toAnnalsError } from "#client/connection/wire-error.js";
import type { AnnalsServer } from "#server/compose.js";
import { Order, OrderPlaced } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";
import { startAnswerLosingProxy } from "./support/answer-losing-proxy.js";
import { startFakeServer } from "./support/fake-server.js";
import { failureOf } from "./support/failure.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const append = (annals: Annals, options?: { signal: AbortSignal }) =>
  annals.append(
    {
      stream: { aggregateType: "Order", aggregateId: "1" },
      expected: "any",
      events: [OrderPlaced.create({ customerName: "Ann", totalAmount: 1 })],
    },
    options,
  );

/** What an append and a read each fail with, at a server that fails with this. */
async function failures(error: ConnectError): Promise<{ code: ErrorCode; unknown: boolean }[]> {
  const fail = () => Promise.reject(error);
  await using fake = await startFakeServer({ append: fail, getHead: fail });
  await using annals = connect({ address: fake.address, tenant: newTenant(), appends: "unary" });
  const results = await Promise.allSettled([append(annals), annals.getHead()]);
  return results.map((result) => {
    if (result.status === "fulfilled") return expect.fail("it was expected to fail");
    if (!isAnnalsError(result.reason)) throw result.reason;
    return { code: result.reason.code, unknown: result.reason.outcomeUnknown };
  });
}

function statusWith(code: Code, detail: MessageInitShape<typeof ErrorDetailSchema>): ConnectError {
  return new ConnectError("x", code, undefined, [
    { desc: ErrorDetailSchema, value: create(ErrorDetailSchema, detail) },
  ]);
}

describe("errors of the wire", () => {
  test("every reason of the contract is a code of its own name", async () => {
    const reasons = Object.values(ErrorReason).filter((reason) => typeof reason === "number");
    for (const reason of reasons) {
      if (reason === ErrorReason.UNSPECIFIED) continue;
      const [failure] = await failures(statusWith(Code.Unknown, { reason }));
      expect(failure?.code).toBe(ErrorReason[reason].toLowerCase());
    }
  });

  test("a reason of a newer server is what its status says", async () => {
    const newer = JSON.parse("999") as ErrorReason;
    const denied = statusWith(Code.PermissionDenied, { reason: newer });
    expect((await failures(denied))[0]?.code).toBe("permission_denied");
    const odd = statusWith(Code.DataLoss, { reason: newer });
    expect((await failures(odd))[0]?.code).toBe("internal");
  });

  test("only of a write can the outcome be unknown, by the server's word or without it", async () => {
    const detail = { reason: ErrorReason.UNAVAILABLE, outcomeUnknown: true };
    for (const error of [
      statusWith(Code.Unavailable, detail),
      new ConnectError("from a proxy", Code.Unavailable),
    ]) {
      expect(await failures(error)).toEqual([
        { code: "unavailable", unknown: true },
        { code: "unavailable", unknown: false },
      ]);
    }
    const refused = statusWith(Code.Unavailable, { ...detail, outcomeUnknown: false });
    expect((await failures(refused))[0]?.unknown).toBe(false);
  });

  test.each(["ECONNRESET", "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"])(
    "a connection that ends by %s is lost, and no defect of the server",
    (code) => {
      const cut = new ConnectError("cut", Code.Internal);
      cut.cause = Object.assign(new Error("cut"), { code });
      const call = { writes: true, signal: undefined };
      expect(toAnnalsError(cut, call)).toMatchObject({ code: "unavailable", outcomeUnknown: true });
    },
  );

  test("the wait before a retry comes in milliseconds, the request's id as it is in the log", async () => {
    const error = statusWith(Code.ResourceExhausted, {
      reason: ErrorReason.LIMIT_EXCEEDED,
      requestId: "r-1",
      retryAfter: { seconds: 1n, nanos: 500_000_000 },
      detail: {
        case: "limitExceeded",
        value: { limit: "queue", maximum: 2n, actual: 3n, field: "" },
      },
    });
    await using fake = await startFakeServer({ getHead: () => Promise.reject(error) });
    await using annals = connect({ address: fake.address, tenant: newTenant(), appends: "unary" });
    const failure = await failureOf(() => annals.getHead(), "limit_exceeded");
    expect(failure).toMatchObject({ retryAfterMs: 1500, requestId: "r-1" });
    expect(failure.details).toEqual({ limit: "queue", maximum: 2n, actual: 3n, field: "" });
  });

  test("aborted before it begins, an append sends nothing and says so", async () => {
    await using fake = await startFakeServer();
    await using annals = connect({ address: fake.address, tenant: newTenant(), appends: "unary" });
    const signal = AbortSignal.abort();
    const error = await failureOf(() => append(annals, { signal }), "cancelled");
    expect(error.outcomeUnknown).toBe(false);
    await failureOf(() => annals.readAll({ signal }).toArray(), "cancelled");
    expect(fake.connections).toBe(0);
  });

  test("a save whose answer is lost on the way says so; saved again it is written once", async () => {
    const tenant = newTenant();
    await using proxy = await startAnswerLosingProxy(server.grpcAddress);
    await using annals = connect({
      ...{ address: proxy.address, tenant, events: [OrderPlaced] },
      appends: "unary",
    });
    await annals.getHead(); // the connection is there
    const repository = new AggregateRepository({ annals, create: (id) => new Order(id, tenant) });
    const order = repository.create("1");
    order.place("Ann", 1);
    proxy.loseNextAnswer();
    const error = await failureOf(() => repository.save(order), "unavailable");
    expect(error.outcomeUnknown).toBe(true);
    expect(order).toMatchObject({ version: 1n, committedVersion: 0n });

    // It was written, and the same connection object goes on.
    expect(await annals.getHead()).toMatchObject({ position: 1n });
    await repository.save(order);
    expect(order).toMatchObject({ version: 1n, committedVersion: 1n, uncommittedEvents: [] });
    expect(await annals.getHead()).toMatchObject({ position: 1n });
  });

  test("leaving a loop of a read cancels the server's call at once", async () => {
    let cancelled: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (cancelled = resolve));
    await using fake = await startFakeServer({
      async *readAll(_, { signal }) {
        signal.addEventListener("abort", () => {
          cancelled();
        });
        const events = [{ eventType: "A", position: 1n }];
        yield { answer: { case: "page", value: { events } } };
        await ended; // a server that would go on for ever
      },
    });
    await using annals = connect({ address: fake.address, tenant: newTenant(), appends: "unary" });
    for await (const event of annals.readAll()) {
      expect(event.eventType).toBe("A");
      break;
    }
    await ended;
  });
});
