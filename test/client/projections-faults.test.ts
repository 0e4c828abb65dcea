import { join } from "node:path";
import {
  allTenants,
  type Annals,
  AnnalsError,
  connect,
  createMemoryProjectionStore,
  currentTenant,
  defineEvent,
  type DomainEvent,
  ProjectionRunner,
  type ProjectionReport,
  type ProjectionRunnerOptions,
  runWithTenant,
} from "@annals/client";
import { openSqliteProjectionStore } from "@annals/client/sqlite";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import type { AnnalsServer } from "#server/compose.js";
import { newTenant, startTestServer } from "../support/server.js";
import { tempFolder } from "../support/temp-folder.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const Counted = defineEvent({
  type: "Counted",
  aggregateType: "Counter",
  schema: z.object({ n: z.number() }),
});
/** The same kind of event as a later release has it. */
const CountedLater = defineEvent({
  type: "Counted",
  aggregateType: "Counter",
  version: 2,
  schema: z.object({ n: z.number(), unit: z.string() }),
  upcasters: { 1: (data) => ({ ...(data as object), unit: "" }) },
});

const open = (tenant: string): Annals => {
  const annals = connect({ address: server.grpcAddress, tenant, events: [Counted] });
  onTestFinished(() => annals.close());
  return annals;
};

const stream = { aggregateType: "Counter", aggregateId: "1" };
const append = (annals: Annals, ...numbers: number[]) =>
  annals.append({ stream, expected: "any", events: numbers.map((n) => Counted.create({ n })) });

/** Appends what does not fit the definition of Counted. */
async function appendUnreadable(annals: Annals): Promise<void> {
  const Wrong = defineEvent({
    type: "Counted",
    aggregateType: "Counter",
    schema: z.object({ n: z.string() }),
  });
  await annals.append({ stream, expected: "any", events: [Wrong.create({ n: "many" })] });
}

const quick = { initialDelayMs: 1, maxDelayMs: 2, maxAttempts: 3, random: () => 0 };

function run<Transaction>(
  annals: Annals,
  options: Omit<ProjectionRunnerOptions<Transaction>, "name">,
): { readonly runner: ProjectionRunner<Transaction>; readonly reports: ProjectionReport[] } {
  const reports: ProjectionReport[] = [];
  const runner = new ProjectionRunner(annals, {
    name: "counters",
    retry: quick,
    onReport: (report) => void reports.push(report),
    ...options,
  });
  runner.start();
  onTestFinished(() => runner.stop());
  return { runner, reports };
}

function remembering(handle: (event: DomainEvent) => void | Promise<void> = () => undefined) {
  const seen: bigint[] = [];
  const projection = {
    handle: async (event: DomainEvent) => {
      await handle(event);
      seen.push(event.position);
    },
    truncate: () => void seen.splice(0),
  };
  return { seen, projection };
}

const kinds = (reports: readonly ProjectionReport[], kind: ProjectionReport["kind"]) =>
  reports.filter((report) => report.kind === kind);

describe("an event that cannot be read", () => {
  test.each(["tenant", "all-tenants"] as const)(
    "is put aside, and the others are handled: %s",
    async (scope) => {
      const tenant = newTenant();
      const annals = open(tenant);
      await append(annals, 1, 2);
      await appendUnreadable(annals);
      const later = CountedLater.create({ n: 4, unit: "m" });
      await annals.append({ stream, expected: "any", events: [later] });
      await append(annals, 5);
      const { seen, projection } = remembering();
      const store = createMemoryProjectionStore();
      const reader = scope === "tenant" ? annals : open(allTenants);
      const filter = scope === "tenant" ? {} : { filter: { tenantIds: [tenant] } };
      const { runner, reports } = run(reader, { projection, store, scope, ...filter });
      await expect.poll(() => seen).toEqual([1n, 2n, 5n]);
      await expect.poll(async () => (await runner.health()).state).toBe("live");
      expect(await store.listDeadLetters("counters")).toMatchObject([
        { tenantId: tenant, position: 3n, attempts: 1 },
        { tenantId: tenant, position: 4n, attempts: 1 },
      ]);
      expect(kinds(reports, "unreadable_event")).toMatchObject([
        { error: { code: "unreadable_event", details: { tenantId: tenant, position: 3n } } },
        { error: { code: "unknown_event_version", details: { version: 2, position: 4n } } },
      ]);
    },
  );

  test("ends the runner where that is asked for, after all before it, and again when it is run again", async () => {
    const annals = open(newTenant());
    await append(annals, 1, 2);
    await appendUnreadable(annals);
    await append(annals, 4);
    const store = createMemoryProjectionStore();
    const { seen, projection } = remembering();
    for (let i = 0; i < 2; i++) {
      const { runner } = run(annals, { projection, store, unreadableEvents: "fail" });
      await expect.poll(async () => (await runner.health()).state).toBe("failed");
      expect((await runner.health()).error).toMatchObject({ code: "unreadable_event" });
      await runner.stop();
    }
    expect(seen).toEqual([1n, 2n]);
    expect(await store.listDeadLetters("counters")).toEqual([]);
  });

  test.each(["dead_letter", "fail"] as const)(
    "is passed over before the start: %s",
    async (unreadableEvents) => {
      const tenant = newTenant();
      const annals = open(tenant);
      await appendUnreadable(annals);
      const operator = open(allTenants);
      const { globalPosition: position } = await operator.getHead({ scope: "all-tenants" });
      await append(annals, 2);
      const { seen, projection } = remembering();
      const { reports } = run(operator, {
        ...{ projection, unreadableEvents, start: { position }, scope: "all-tenants" },
        store: createMemoryProjectionStore(),
        filter: { tenantIds: [tenant] },
      });
      await expect.poll(() => seen).toEqual([2n]);
      expect(kinds(reports, "unreadable_event")).toEqual([]);
    },
  );

  test("is put aside also before one that ends the runner", async () => {
    const tenant = newTenant();
    const annals = open(tenant);
    await append(annals, 1);
    await appendUnreadable(annals);
    await append(annals, 3);
    const Added = defineEvent({
      type: "Added",
      aggregateType: "Counter",
      schema: z.object({ n: z.number() }),
    });
    await annals.append({ stream, expected: "any", events: [Added.create({ n: 4 })] });
    await appendUnreadable(annals);
    const store = createMemoryProjectionStore();
    const { seen, projection } = remembering();
    const options = { projection, store, unknownEvents: "fail" } as const;
    const { runner } = run(annals, options);
    await expect.poll(async () => (await runner.health()).state).toBe("failed");
    expect(await store.listDeadLetters("counters")).toMatchObject([{ position: 2n }]);
    const later = connect({ address: server.grpcAddress, tenant, events: [Counted, Added] });
    onTestFinished(() => later.close());
    run(later, options);
    await expect.poll(() => seen).toEqual([1n, 3n, 4n]);
    await expect.poll(() => store.listDeadLetters("counters")).toHaveLength(2);
    expect(await store.listDeadLetters("counters")).toMatchObject([
      { position: 2n },
      { position: 5n },
    ]);
  });
});

describe("failures that say nothing of the event", () => {
  test("are tried again for as long as they last, and nothing is put aside", async () => {
    const annals = open(newTenant());
    await append(annals, 1, 2);
    let downFor = 12;
    const { seen, projection } = remembering(({ position }) => {
      if (position === 2n && downFor-- > 0) {
        throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
      }
    });
    const store = createMemoryProjectionStore();
    const { reports } = run(annals, { projection, store });
    await expect.poll(() => seen).toEqual([1n, 2n]);
    expect(kinds(reports, "retry")).toHaveLength(12);
    expect(await store.listDeadLetters("counters")).toEqual([]);
  });

  test("are those that the application names", async () => {
    const annals = open(newTenant());
    await append(annals, 1);
    let failures = 0;
    const { seen, projection } = remembering(() => {
      failures++;
      if (failures <= 8) throw new Error(failures <= 6 ? "busy" : "poison");
    });
    const isTransient = (error: unknown) => error instanceof Error && error.message === "busy";
    const store = createMemoryProjectionStore();
    const { reports } = run(annals, { projection, store, retry: { ...quick, isTransient } });
    await expect.poll(() => seen).toEqual([1n]);
    expect(kinds(reports, "dead_letter")).toEqual([]);
  });

  test("do not hold up a stop or a rebuild", async () => {
    const annals = open(newTenant());
    await append(annals, 1);
    let down = true;
    const { seen, projection } = remembering(() => {
      if (down) throw new AnnalsError("unavailable", "down", {});
    });
    const retry = { ...quick, initialDelayMs: 60_000, maxDelayMs: 60_000 };
    const { runner, reports } = run(annals, {
      projection,
      store: createMemoryProjectionStore(),
      retry,
    });
    await expect.poll(() => kinds(reports, "retry").length).toBe(1);
    down = false;
    await runner.rebuild();
    expect(seen).toEqual([1n]);
    down = true;
    await append(annals, 2);
    await expect.poll(() => kinds(reports, "retry").length).toBe(2);
    await runner.stop();
    expect((await runner.health()).state).toBe("stopped");
  });
});

describe("transactions", () => {
  test("a stop does not wait for the rest of a page", async () => {
    const annals = open(newTenant());
    await append(annals, ...Array.from({ length: 20 }, (_, i) => i));
    const memory = createMemoryProjectionStore();
    let [begin, end] = [(): void => undefined, (): void => undefined];
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const ended = new Promise<void>((resolve) => (end = resolve));
    const { seen, projection } = remembering(({ position }) => {
      if (position !== 2n) return undefined;
      begin();
      return ended;
    });
    const { runner } = run(annals, { store: { ...memory, transactional: true }, projection });
    await begun;
    const stopped = runner.stop();
    end();
    await stopped;
    expect(seen).toEqual([1n, 2n]);
    expect(await memory.acquire("counters", undefined)).toMatchObject({ place: "2/" });
  });

  type Database = InstanceType<typeof DatabaseSync>;
  const openDatabase = (): Database => {
    const database = new DatabaseSync(join(tempFolder(), "counters.db"));
    database.exec("CREATE TABLE counters (position INTEGER PRIMARY KEY)");
    onTestFinished(() => {
      database.close();
    });
    return database;
  };
  const rows = (database: Database) =>
    (database.prepare("SELECT position FROM counters").all() as { position: number }[]).map(
      ({ position }) => position,
    );
  const insert = ({ position }: DomainEvent, { transaction }: { transaction: Database }) =>
    void transaction.prepare("INSERT INTO counters VALUES (?)").run(Number(position));
  const truncate = ({ transaction }: { transaction: Database }): void => {
    transaction.exec("DELETE FROM counters");
  };

  test.each(["lost", "kept"])("one whose end is not known is looked up: %s", async (outcome) => {
    const annals = open(newTenant());
    await append(annals, 1, 2);
    const database = openDatabase();
    const real = openSqliteProjectionStore(database);
    let writes = 0;
    const store = {
      ...real,
      write: async (...[claim, work]: Parameters<typeof real.write>) => {
        if (++writes !== 1) return real.write(claim, work);
        const lose = async (transaction: Database) => {
          const progress = await work(transaction);
          if (outcome === "lost")
            throw new AnnalsError("unavailable", "lost before the commit", {});
          return progress;
        };
        await real.write(claim, lose);
        throw new Error("the connection broke after the commit");
      },
    };
    const { reports } = run(annals, { projection: { handle: insert, truncate }, store });
    await expect.poll(() => rows(database)).toEqual([1, 2]); // twice would be a conflict
    await append(annals, 3);
    await expect.poll(() => rows(database)).toEqual([1, 2, 3]);
    expect(kinds(reports, "store_failed")).toHaveLength(1);
    expect(kinds(reports, "retry")).toEqual([]);
  });

  test.each(["the database", "a statement"])(
    "a handler over its time writes nothing more: through %s",
    async (what) => {
      const annals = open(newTenant());
      await append(annals, 1, 2);
      const database = openDatabase();
      database.exec("CREATE TABLE late (position INTEGER)");
      let wake = (): void => undefined;
      const asleep = new Promise<void>((resolve) => (wake = resolve));
      let late: Promise<void> | undefined;
      const writeLate = async (transaction: Database) => {
        const statement = transaction.prepare("INSERT INTO late VALUES (1)");
        await asleep;
        if (what === "a statement") statement.run();
        else transaction.exec("INSERT INTO late VALUES (1)");
      };
      const projection = {
        handle: (event: DomainEvent, context: { transaction: Database }) => {
          if (late) {
            insert(event, context);
            return undefined;
          }
          return (late = writeLate(context.transaction));
        },
        truncate,
      };
      const store = openSqliteProjectionStore(database);
      run(annals, { projection, store, handlerTimeoutMs: 20 });
      await expect.poll(() => rows(database)).toEqual([1, 2]);
      wake();
      await expect(late).rejects.toMatchObject({ code: "closed" });
      expect(database.prepare("SELECT * FROM late").all()).toEqual([]);
    },
  );

  test("a batch runs for its tenant, where its events have one in common", async () => {
    const [a, b] = [newTenant(), newTenant()];
    const contexts: (string | undefined)[] = [];
    const projection = {
      handle: () => undefined,
      handleBatch: () => void contexts.push(currentTenant()),
      truncate,
    };
    await append(open(a), 1, 2);
    run(open(a), { projection, store: openSqliteProjectionStore(openDatabase()) });
    await expect.poll(() => contexts).toEqual([a]);
    await append(open(b), 1);
    const filter = { tenantIds: [a, b] };
    const store = createMemoryProjectionStore();
    const mixed = { ...projection, truncate: () => undefined };
    runWithTenant("who starts it", () => {
      run(open(allTenants), { projection: mixed, store, scope: "all-tenants", filter });
    });
    await expect.poll(() => contexts).toEqual([a, undefined]);
  });
});
