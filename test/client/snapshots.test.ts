import { randomUUID } from "node:crypto";
import { AggregateRepository, type Annals, connect, type SnapshotOptions } from "@annals/client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import type { AnnalsServer } from "#server/compose.js";
import { Order, type OrderState } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";
import { accounts, accountState, deposit } from "./support/account.js";
import { startAnswerLosingProxy } from "./support/answer-losing-proxy.js";
import { failureOf } from "./support/failure.js";

type AccountState = z.output<typeof accountState>;

let server: AnnalsServer;
let annals: Annals;
let id: string;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
beforeEach(() => {
  annals = connect({ address: server.grpcAddress, tenant: newTenant() });
  id = randomUUID();
});
afterEach(() => annals.close());

const streamOf = () => ({ aggregateType: "Account", aggregateId: id });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function repositoryOf(options: Partial<SnapshotOptions<AccountState>> = {}) {
  const onFailure = vi.fn<NonNullable<SnapshotOptions<AccountState>["onFailure"]>>();
  const snapshots = { schema: accountState, onFailure, ...options };
  const repository = new AggregateRepository({ annals, create: accounts.create, snapshots });
  return { repository, onFailure };
}

const versionKept = async () => (await annals.snapshots.get(streamOf()))?.version;

/** Loads, and tells from which version the events were read last. */
async function loadFrom(repository: ReturnType<typeof repositoryOf>["repository"]) {
  const reads = vi.spyOn(annals, "read");
  const account = await repository.load(id);
  const from = reads.mock.calls.at(-1)?.[1]?.fromVersion;
  reads.mockRestore();
  return { state: account.state, version: account.version, tenantId: account.tenantId, from };
}

describe("snapshots", () => {
  test("are taken when a save strides over a multiple, and not in between", async () => {
    const { repository } = repositoryOf({ every: 5 });
    const kept: (bigint | undefined)[] = [];
    for (const amounts of [[1, 1, 1, 1], [1], [1, 1], [1, 1, 1, 1], [1]]) {
      await repository.execute(id, deposit(...amounts));
      kept.push(await versionKept());
    }
    expect(kept).toEqual([undefined, 5n, 5n, 11n, 11n]);
  });

  test("a load is the snapshot and the tail, and knows the tenant", async () => {
    const { repository, onFailure } = repositoryOf({ every: 3 });
    await repository.execute(id, deposit(1, 2, 4));
    await repository.execute(id, deposit(8));
    const { tenantId } = await repositoryOf().repository.load(id, { asOf: 1n });
    expect(await loadFrom(repository)).toEqual({
      ...{ state: { balance: 15, movements: 4 }, version: 4n },
      ...{ from: 3n, tenantId },
    });
    expect(onFailure).not.toHaveBeenCalled();
  });

  test("are taken by age: the first at once, the next when it is old", async () => {
    let nowMs = Date.now();
    const { repository } = repositoryOf({ maxAgeMs: 60_000, now: () => nowMs });
    await repository.execute(id, deposit(1));
    expect(await versionKept()).toBe(1n);
    await repository.execute(id, deposit(1));
    expect(await versionKept()).toBe(1n);
    nowMs += 120_000;
    await repository.execute(id, deposit(1));
    expect(await versionKept()).toBe(3n);
  });

  test("are taken by hand, of what is saved", async () => {
    const { repository } = repositoryOf();
    const account = await repository.execute(id, deposit(1, 2));
    expect(await versionKept()).toBeUndefined();
    await repository.saveSnapshot(account);
    expect(await versionKept()).toBe(2n);
    account.decide(deposit(3));
    await failureOf(() => repository.saveSnapshot(account), "invalid_argument");
    const without = new AggregateRepository({ annals, create: accounts.create });
    await failureOf(() => without.saveSnapshot(account), "invalid_options");
  });

  test.each([
    ["not JSON", bytes("{"), 0],
    ["not UTF-8", Uint8Array.of(0xff), 0],
    ["not of the schema", bytes('{"balance":"much","movements":2}'), 0],
    ["of an older schema version", bytes('{"balance":99,"movements":2}'), 1],
  ])("one that is %s is not used, told of, and made anew", async (_, data, schemaVersion) => {
    const { repository, onFailure } = repositoryOf({ schemaVersion });
    await repository.execute(id, deposit(1, 2));
    await annals.snapshots.save(streamOf(), { version: 2n, data });
    expect(await loadFrom(repository)).toMatchObject({ state: { balance: 3 }, from: undefined });
    expect(onFailure).toHaveBeenCalledTimes(schemaVersion === 0 ? 1 : 0);
    await repository.execute(id, deposit(4));
    expect(await annals.snapshots.get(streamOf())).toMatchObject({ version: 3n, schemaVersion });
    expect(await loadFrom(repository)).toMatchObject({ state: { balance: 7 }, from: 3n });
  });

  test("one that cannot be saved does not fail the save; the hook is told, whatever it throws", async () => {
    const schema = accountState.refine(({ balance }) => balance < 100, "too rich for a snapshot");
    const onFailure = vi.fn(() => {
      throw new Error("the hook is broken, too");
    });
    const { repository } = repositoryOf({ schema, every: 1, onFailure });
    const account = await repository.execute(id, deposit(100));
    expect(account.committedVersion).toBe(1n);
    expect(onFailure).toHaveBeenCalledTimes(1);
    expect(onFailure).toHaveBeenCalledWith(expect.any(z.ZodError), streamOf());
    expect((await repository.load(id)).state.balance).toBe(100);
    await expect(repository.saveSnapshot(account)).rejects.toThrow("too rich");
  });

  test("one too large for the server does not fail the save, either", async () => {
    const { repository, onFailure } = repositoryOf({
      every: 1,
      schema: z.codec(z.object({ padding: z.string() }), accountState, {
        decode: () => ({ balance: 0, movements: 0 }),
        encode: () => ({ padding: "x".repeat(1_048_577) }),
      }) as unknown as z.ZodType<AccountState>,
    });
    await repository.execute(id, deposit(1));
    expect(onFailure.mock.calls[0]?.[0]).toMatchObject({ code: "limit_exceeded" });
    expect(await versionKept()).toBeUndefined();
  });

  test("one that cannot be fetched does not fail the load; the hook is told", async () => {
    await using proxy = await startAnswerLosingProxy(server.grpcAddress);
    await annals.close();
    annals = connect({ address: proxy.address, tenant: newTenant() });
    const { repository, onFailure } = repositoryOf({ every: 1 });
    await repository.execute(id, deposit(1));
    proxy.loseNextAnswer();
    expect(await loadFrom(repository)).toMatchObject({ state: { balance: 1 }, from: undefined });
    expect(onFailure.mock.calls).toMatchObject([[{ code: "unavailable" }, streamOf()]]);
  });

  test("an aggregate of a class takes part by the schema of its state", async () => {
    const schema = z.object({
      status: z.enum(["draft", "placed", "shipped"]),
      totalAmount: z.number(),
    }) satisfies z.ZodType<OrderState>;
    const snapshots = { schema, every: 2 };
    const create = (orderId: string) => new Order(orderId);
    const orders = new AggregateRepository({ annals, create, snapshots });
    await orders.execute(id, (order) => {
      order.place("Ann", 7);
      order.ship("T");
    });
    const replayed = vi.spyOn(Order.prototype, "replay");
    const loaded = await orders.load(id);
    expect(replayed).not.toHaveBeenCalled();
    replayed.mockRestore();
    expect(loaded).toMatchObject({ version: 2n, state: { status: "shipped", totalAmount: 7 } });
  });

  test.each([{ every: 0 }, { every: 1.5 }, { maxAgeMs: -1 }, { schemaVersion: -1 }])(
    "options that make no sense are refused: %o",
    async (options) => {
      await failureOf(() => repositoryOf(options), "invalid_options");
    },
  );

  test("can be thrown away", async () => {
    const { repository } = repositoryOf({ every: 1 });
    await repository.execute(id, deposit(1));
    await annals.snapshots.delete(streamOf());
    expect(await versionKept()).toBeUndefined();
    expect((await repository.load(id)).state.balance).toBe(1);
  });
});
