import { create } from "@bufbuild/protobuf";
import { ErrorDetailSchema, ErrorReason } from "@annals/proto/annals/v1/error";
import {
  AppendFailureSchema,
  AppendResponseSchema,
  AppendStreamResponseSchema,
} from "@annals/proto/annals/v1/event_store";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { AppendPipeline, type OpenAppendStream } from "#client/event-store/append-pipeline.js";

/** A server that answers when a test lets it. */
function answerOnDemand() {
  let arrived = 0;
  let most = 0;
  let opened = 0;
  const waiting: { id: bigint; answer: () => void }[] = [];
  const gates = new Set<() => void>();
  const open: OpenAppendStream = async function* (requests, signal) {
    opened++;
    const answers: bigint[] = [];
    let wake: () => void = () => undefined;
    const reading = (async () => {
      for await (const { correlationId = 0n } of requests) {
        arrived++;
        const answer = () => {
          answers.push(correlationId);
          wake();
        };
        waiting.push({ id: correlationId, answer });
        most = Math.max(most, waiting.length);
        for (const gate of gates) gate();
      }
    })();
    signal.addEventListener("abort", () => {
      wake();
    });
    while (!signal.aborted) {
      for (const correlationId of answers.splice(0)) {
        const outcome = { case: "appended", value: create(AppendResponseSchema) } as const;
        yield create(AppendStreamResponseSchema, { correlationId, outcome });
      }
      if (!signal.aborted && answers.length === 0) {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
    await reading;
  };
  return {
    open,
    seen: () => ({ arrived, most, opened }),
    /** Resolves when as many appends are here and not answered. */
    holds: (count: number) =>
      new Promise<void>((resolve) => {
        const gate = () => {
          if (waiting.length < count) return;
          gates.delete(gate);
          resolve();
        };
        gates.add(gate);
        gate();
      }),
    answerFirst: () => waiting.shift()?.answer(),
    answerAll: () => {
      for (const { answer } of waiting.splice(0)) answer();
    },
  };
}

const never = () => undefined;
const patient = { idleMs: 60_000, silenceMs: 60_000, onIdle: never };

test("never more are in flight than allowed: the others wait on this side, and all are answered", async () => {
  const server = answerOnDemand();
  const pipeline = new AppendPipeline({ ...patient, open: server.open, maxInFlight: 4 });
  const appends = Array.from({ length: 20 }, () => pipeline.append({}, 20_000));
  for (let round = 1; round <= 5; round++) {
    await server.holds(4);
    expect(server.seen()).toEqual({ arrived: 4 * round, most: 4, opened: 1 });
    server.answerAll();
  }
  await Promise.all(appends);
  pipeline.close();
});

test("a call that nothing needs any more is ended; the next append opens another", async () => {
  const server = answerOnDemand();
  let idle: () => void = never;
  const onIdle = () => {
    idle();
  };
  const { open } = server;
  const pipeline = new AppendPipeline({ ...patient, open, maxInFlight: 4, idleMs: 1, onIdle });
  for (let round = 1; round <= 2; round++) {
    const ended = new Promise<void>((resolve) => (idle = resolve));
    const append = pipeline.append({}, 20_000);
    await server.holds(1);
    server.answerAll();
    await append;
    // Only the pipeline's own timer is waiting, and it keeps no process alive.
    const alive = setInterval(never, 1_000);
    await ended;
    clearInterval(alive);
    expect(server.seen().opened).toBe(round);
  }
  pipeline.close();
});

test("a server that is away is tried again, in the order given, until it is back", async () => {
  const server = answerOnDemand();
  let tries = 0;
  const order: bigint[] = [];
  const open: OpenAppendStream = async function* (requests, signal) {
    if (++tries <= 3) throw new ConnectError("away", Code.Unavailable);
    const noted = (async function* () {
      for await (const request of requests) {
        order.push(request.correlationId ?? 0n);
        yield request;
      }
    })();
    yield* server.open(noted, signal);
  };
  const pipeline = new AppendPipeline({ ...patient, open, maxInFlight: 3 });
  const appends = [1, 2, 3].map(() => pipeline.append({}, 20_000));
  await server.holds(3);
  server.answerAll();
  await Promise.all(appends);
  expect(order).toEqual([1n, 2n, 3n]);
  expect(tries).toBe(4);
  pipeline.close();
});

test("a server that stays away is given up at the append's own deadline, which says why", async () => {
  const open: OpenAppendStream = async function* () {
    await Promise.resolve();
    yield* [];
    throw new ConnectError("away", Code.Unavailable);
  };
  const pipeline = new AppendPipeline({ ...patient, open, maxInFlight: 1 });
  await expect(pipeline.append({}, 100)).rejects.toMatchObject({
    code: "deadline_exceeded",
    message: "no answer yet: away",
    cause: { code: "unavailable" },
    outcomeUnknown: false,
  });
  expect(pipeline.idle).toBe(true);
  pipeline.close();
});

test("a call that has gone silent is ended when an append is late, and another takes what is left", async () => {
  const server = answerOnDemand();
  const { open } = server;
  const pipeline = new AppendPipeline({ ...patient, open, maxInFlight: 4, silenceMs: 10 });
  const left = pipeline.append({}, 20_000);
  await expect(pipeline.append({}, 50)).rejects.toMatchObject({
    code: "deadline_exceeded",
    outcomeUnknown: true,
  });
  await server.holds(3);
  server.answerAll();
  await left;
  expect(server.seen().opened).toBe(2);
  pipeline.close();
});

test("an append that is late while others are answered ends no call", async () => {
  const server = answerOnDemand();
  const { open } = server;
  const pipeline = new AppendPipeline({ ...patient, open, maxInFlight: 4, silenceMs: 10 });
  const answered = pipeline.append({}, 20_000);
  const late = pipeline.append({}, 50);
  await server.holds(2);
  server.answerFirst();
  await answered;
  await expect(late).rejects.toMatchObject({ code: "deadline_exceeded" });
  const after = pipeline.append({}, 20_000);
  await server.holds(2);
  server.answerAll();
  await after;
  expect(server.seen().opened).toBe(1);
  pipeline.close();
});

describe("an append that was sent over a call that was lost", () => {
  const refusal = (reason: ErrorReason) =>
    create(AppendFailureSchema, {
      code: Code.ResourceExhausted,
      message: "refused",
      detail: { reason, requestId: "r" },
    });
  const refusedBy = (reason: ErrorReason, code: Code) =>
    new ConnectError("refused", code, undefined, [
      { desc: ErrorDetailSchema, value: create(ErrorDetailSchema, { reason, requestId: "r" }) },
    ]);

  /** A server that loses its first call once it has got as many appends. */
  function loseFirst(count: number, then: OpenAppendStream): OpenAppendStream {
    let lost = false;
    return async function* (requests, signal) {
      if (lost) {
        yield* then(requests, signal);
        return;
      }
      lost = true;
      const taking = requests[Symbol.asyncIterator]();
      for (let taken = 0; taken < count; taken++) await taking.next();
      throw new ConnectError("cut", Code.Unavailable);
    };
  }

  test.each([
    [ErrorReason.LIMIT_EXCEEDED, true],
    [ErrorReason.TENANT_SUSPENDED, true],
    [ErrorReason.VERSION_CONFLICT, false],
    [ErrorReason.DUPLICATE_EVENT_ID, false],
    [ErrorReason.INVALID_ARGUMENT, false],
  ])("and is refused over the next with %i: its outcome is unknown %s", async (reason, unknown) => {
    const open = loseFirst(1, async function* (requests) {
      for await (const { correlationId = 0n } of requests) {
        const outcome = { case: "failed", value: refusal(reason) } as const;
        yield create(AppendStreamResponseSchema, { correlationId, outcome });
      }
    });
    const pipeline = new AppendPipeline({ ...patient, open, maxInFlight: 1 });
    const append = pipeline.append({}, 20_000);
    await expect(append).rejects.toMatchObject({ requestId: "r", outcomeUnknown: unknown });
    pipeline.close();
  });

  test("says so when the next call is refused before it is on it", async () => {
    const open = loseFirst(3, async function* (requests) {
      await requests[Symbol.asyncIterator]().next();
      yield* [];
      throw refusedBy(ErrorReason.TENANT_SUSPENDED, Code.PermissionDenied);
    });
    const pipeline = new AppendPipeline({ ...patient, open, maxInFlight: 3 });
    const appends = [1, 2, 3].map(() => pipeline.append({}, 20_000));
    const outcomes = appends.map((append) =>
      expect(append).rejects.toMatchObject({ code: "tenant_suspended", outcomeUnknown: true }),
    );
    await Promise.all(outcomes);
    pipeline.close();
  });
});
