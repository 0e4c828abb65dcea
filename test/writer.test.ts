import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { AnnalsError } from "#server/domain/error.js";
import { parseTenantId } from "#server/domain/tenant.js";
import type { AppendIntent, AppendOutcome, Store } from "#server/store/store.js";
import { createMemoryStore } from "#server/store/memory/open.js";
import { createWriter, type Writer, type WriterOptions } from "#server/writer/writer.js";

const tenantId = parseTenantId(randomUUID(), "tenant");

function intent(aggregateId: string, bytes = 0): AppendIntent {
  return {
    tenantId,
    stream: { aggregateType: "Order", aggregateId },
    expected: { kind: "any" },
    events: [
      {
        eventId: randomUUID(),
        eventType: "OrderPlaced",
        occurredAt: undefined,
        data: new Uint8Array(bytes),
        contentType: "",
        metadata: {},
        correlationId: "",
        causationId: "",
        tags: [],
      },
    ],
  };
}

/** A memory store whose commits wait until they are let go, and that counts its batches. */
function slowStore(): { store: Store; batches: number[]; release: () => void; fail: () => void } {
  const inner = createMemoryStore();
  const batches: number[] = [];
  let release = (): void => undefined;
  let fail = (): void => undefined;
  const store: Store = {
    ...inner,
    append: async (batch, now) => {
      batches.push(batch.length);
      await new Promise<void>((resolve, reject) => {
        release = resolve;
        fail = () => {
          reject(new Error("the disk is on fire"));
        };
      });
      return inner.append(batch, now);
    },
  };
  return {
    store,
    batches,
    release: () => {
      release();
    },
    fail: () => {
      fail();
    },
  };
}

function writerOn(store: Store, options: Partial<WriterOptions> = {}): Writer {
  return createWriter(store, () => 0n, {
    maxQueuedAppends: 100,
    maxQueuedBytes: 1_000_000,
    maxBatchEvents: 100,
    maxBatchBytes: 1_000_000,
    maxBatchesInFlight: 1,
    retryAfterMs: 50,
    onStoreError: () => undefined,
    ...options,
  });
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
const reasonOf = (outcome: AppendOutcome) => (outcome.ok ? "ok" : outcome.failure);

describe("the writer", () => {
  test("what waits while a batch is committed goes in the next, all of it", async () => {
    const { store, batches, release } = slowStore();
    const writer = writerOn(store);
    const first = writer.append(intent("a"));
    await turn();
    const rest = Array.from({ length: 30 }, (_, i) => writer.append(intent(`b-${i}`)));
    release();
    await first;
    await turn();
    release();
    await Promise.all(rest);
    expect(batches).toEqual([1, 30]);
  });

  test("the next batch is handed in while one is being committed, and no more than may be", async () => {
    const inner = createMemoryStore();
    const releases: (() => void)[] = [];
    const batches: number[] = [];
    const store: Store = {
      ...inner,
      append: async (batch, now) => {
        batches.push(batch.length);
        await new Promise<void>((resolve) => releases.push(resolve));
        return inner.append(batch, now);
      },
    };
    const writer = writerOn(store, { maxBatchesInFlight: 2 });
    const all = [writer.append(intent("a"))];
    await turn();
    all.push(writer.append(intent("b")), writer.append(intent("c")));
    await turn();
    all.push(writer.append(intent("d")));
    await turn();
    expect(batches).toEqual([1, 2]);
    releases.shift()?.();
    await turn();
    expect(batches).toEqual([1, 2, 1]);
    const drained = writer.drain();
    for (const release of releases) release();
    await drained;
    expect((await Promise.all(all)).every(({ ok }) => ok)).toBe(true);
  });

  test("a batch keeps within its bounds; an append larger than the bound goes alone", async () => {
    const { store, batches, release } = slowStore();
    const writer = writerOn(store, { maxBatchEvents: 4, maxBatchBytes: 10_000 });
    const all = [
      ...Array.from({ length: 6 }, (_, i) => writer.append(intent(`s-${i}`))),
      writer.append(intent("large", 50_000)),
    ];
    for (let i = 0; i < 3; i++) {
      await turn();
      release();
    }
    await Promise.all(all);
    expect(batches).toEqual([4, 2, 1]);
  });

  /** Queues appends of these callers, in this order, and lets them all be written. */
  const batchesOf = async (enough: number, callers: readonly string[]): Promise<number[]> => {
    const { store, batches, release } = slowStore();
    const writer = writerOn({ ...store, enoughForCommit: () => enough });
    const all = callers.map((caller, i) => writer.append(intent(`s-${i}`), { caller }));
    const written = Promise.all(all).then(() => true);
    while (!(await Promise.race([written, turn()]))) release();
    return batches;
  };

  test("past what is enough for a commit a batch ends with what its last caller sent in a row", async () => {
    const callers = Array.from("aaabbbbcddd");
    expect(await batchesOf(4, callers)).toEqual([7, 4]);
    expect(await batchesOf(Infinity, callers)).toEqual([11]);
  });

  test("and at twice of that; a backlog is written in larger ones", async () => {
    expect(
      await batchesOf(
        4,
        Array.from({ length: 10 }, () => "a"),
      ),
    ).toEqual([8, 2]);
    // Of a backlog a quarter is enough, and twice of that goes.
    expect(
      await batchesOf(
        4,
        Array.from({ length: 64 }, () => "a"),
      ),
    ).toEqual([32, 16, 8, 8]);
  });

  test("a full queue refuses at once, says when to come again, and loses nothing it took", async () => {
    const { store, release } = slowStore();
    const writer = writerOn(store, { maxQueuedAppends: 3 });
    const taken = [writer.append(intent("first"))];
    await turn();
    taken.push(...Array.from({ length: 3 }, (_, i) => writer.append(intent(`q-${i}`))));
    const refused = await writer.append(intent("too many"));
    expect(reasonOf(refused)).toEqual({
      reason: "limit_exceeded",
      limit: "write_queue_appends",
      maximum: 3,
      actual: 4,
      retryAfterMs: 50,
    });
    const large = writerOn(slowStore().store, { maxQueuedBytes: 1_000 });
    void large.append(intent("1", 600));
    expect(reasonOf(await large.append(intent("2", 600)))).toMatchObject({
      limit: "write_queue_bytes",
    });
    release();
    await turn();
    release();
    expect((await Promise.all(taken)).every(({ ok }) => ok)).toBe(true);
    expect((await store.getHead(tenantId)).position).toBe(4n);
  });

  test("aborted in the queue it is not written; aborted in the commit it is, and the outcome still comes", async () => {
    const { store, release } = slowStore();
    const writer = writerOn(store);
    const [committing, queued] = [new AbortController(), new AbortController()];
    const first = writer.append(intent("committing"), { signal: committing.signal });
    await turn();
    const second = writer.append(intent("queued"), { signal: queued.signal });
    const passed = new AnnalsError({ reason: "deadline_exceeded", outcomeUnknown: false });
    committing.abort(passed);
    queued.abort();
    release();
    expect(reasonOf(await first)).toBe("ok");
    expect(reasonOf(await second)).toEqual({ reason: "cancelled", outcomeUnknown: false });
    expect((await store.getHead(tenantId)).position).toBe(1n);
    const before = await writer.append(intent("never"), { signal: AbortSignal.abort() });
    expect(reasonOf(before)).toEqual({ reason: "cancelled", outcomeUnknown: false });
  });

  test("a store that throws fails its batch, not the next", async () => {
    const { store, release, fail } = slowStore();
    const seen: unknown[] = [];
    const writer = writerOn(store, { onStoreError: (error) => seen.push(error) });
    const doomed = writer.append(intent("doomed"));
    await turn();
    const next = writer.append(intent("next"));
    fail();
    expect(reasonOf(await doomed)).toEqual({ reason: "internal", outcomeUnknown: true });
    await turn();
    release();
    expect((await next).ok).toBe(true);
    expect(seen).toHaveLength(1);
  });

  test("draining writes what is queued and refuses what comes after", async () => {
    const { store, release } = slowStore();
    const writer = writerOn(store);
    const first = writer.append(intent("first"));
    await turn();
    const second = writer.append(intent("second"));
    const drained = writer.drain();
    expect(reasonOf(await writer.append(intent("late")))).toMatchObject({
      reason: "unavailable",
      outcomeUnknown: false,
    });
    release();
    await turn();
    release();
    await drained;
    expect((await Promise.all([first, second])).every(({ ok }) => ok)).toBe(true);
  });
});
