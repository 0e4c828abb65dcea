import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type EventFilter, noFilter } from "#server/domain/filter.js";
import type { TenantId } from "#server/domain/tenant.js";
import { migrate } from "#server/store/postgres/migrate.js";
import { openPostgresStore } from "#server/store/postgres/open.js";
import { clientConfig, sessionDefaults } from "#server/store/postgres/session.js";
import type { PageBounds, Store } from "#server/store/store.js";
import { type AppRole, createAppRole } from "../support/postgres-grants.js";
import { frameInSql } from "../support/postgres-frame.js";
import { runSql, startTestPostgres, type TestPostgres } from "../support/postgres.js";
import { any, newEvents, newStream, noStream, someTime } from "../support/store-input.js";

const eventCount = 1_000_000;
const tenantCount = 20;

let postgres: TestPostgres;
let url: string;
let app: AppRole;
let store: Store;

const tenantId = "00000000-0000-4000-8000-000000000001" as TenantId;
const stream = { aggregateType: "Type3", aggregateId: "aggregate-3" };
/** Pages that are selected, and pages that are copied. */
const pages: readonly PageBounds[] = [100, 1_000].map((maxEvents) => ({
  maxEvents,
  maxBytes: 1_000_000,
}));
const someEvent = "00000000-0000-4000-9000-000000004021";

beforeAll(async () => {
  postgres = await startTestPostgres({ fsync: "off", maintenance_work_mem: "256MB" });
  url = await postgres.newDatabase();
  await migrate(url);
  await fill();
  app = await createAppRole(url); // whom row level security holds, unlike a superuser
  store = await openPostgresStore({ url: app.url, logger: { warn: () => undefined } });
}, 120_000);
afterAll(async () => {
  await store.close();
  await app.drop();
  await postgres[Symbol.asyncDispose]();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Events of 20 tenants in turn, 10 types, 1,000 streams a tenant; indexes made once they are in. */
async function fill(): Promise<void> {
  const indexes = await runSql(
    url,
    `SELECT indexname, indexdef FROM pg_indexes
     WHERE schemaname = 'annals' AND tablename = 'events' AND indexname <> 'events_pkey'`,
  );
  const drop = indexes.map(({ indexname }) => `DROP INDEX annals.${String(indexname)};`).join("");
  const create = indexes.map(({ indexdef }) => `${String(indexdef)};`).join("");
  await runSql(
    url,
    `${drop}
    INSERT INTO annals.events
      SELECT ('00000000-0000-4000-8000-' || lpad((n % ${tenantCount})::text, 12, '0'))::uuid,
        n / ${tenantCount} + 1, n + 1, ('00000000-0000-4000-9000-' || lpad(n::text, 12, '0'))::uuid,
        n / ${tenantCount} / 1000 + 1, t, 'Type' || (n / ${tenantCount} % 10),
        'aggregate-' || (n / ${tenantCount} % 1000), 'Event' || (n % 7),
        ARRAY['tag' || (n % 5)], ${frameInSql(`(n / ${tenantCount} + 1)`)}
      FROM generate_series(0, ${eventCount - 1}) AS n,
        LATERAL (SELECT timestamptz '2020-01-01' + n * interval '1 second') AS times (t);
    ${create}
    INSERT INTO annals.tenants
      SELECT tenant_id, max(position), max(recorded_at) FROM annals.events GROUP BY 1;
    UPDATE annals.log_head SET global_position = ${eventCount},
      recorded_at = (SELECT max(recorded_at) FROM annals.events);
    ANALYZE annals.events, annals.tenants, annals.log_head; SELECT 1`,
  );
}

interface Statement {
  /** Whose rows it may see. */
  readonly scope: string;
  readonly text: string;
  readonly values: readonly unknown[];
  /** Sets what a COPY reads instead of parameters. */
  readonly settings?: Pick<Statement, "text" | "values">;
}

/** The statements with parameters that an operation sends. */
async function statementsOf(operation: () => Promise<unknown>): Promise<Statement[]> {
  const sent: Statement[] = [];
  let settings: Statement["settings"];
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its client as this
  const query = pg.Client.prototype.query as (...args: unknown[]) => unknown;
  vi.spyOn(pg.Client.prototype, "query").mockImplementation(function (
    this: pg.Client,
    ...args: unknown[]
  ) {
    const [config] = args as [Partial<Statement> | string];
    if (typeof config === "object") {
      const { text = "", values = [] } = config;
      const [, copied] = /^COPY \((.*)\) TO STDOUT/s.exec(text) ?? [];
      const ofTenant = text.includes("tenant_id = $") || text.includes("tenant_id = (SELECT");
      const scope = ofTenant ? tenantId : "*";
      if (text.startsWith("SELECT set_config('annals.")) settings = { text, values };
      else if (copied === undefined) sent.push({ scope, text, values });
      else sent.push({ scope, text: copied, values, ...(settings && { settings }) });
    }
    return query.apply(this, args);
  });
  await operation();
  vi.restoreAllMocks();
  return sent.filter(({ text }) => /annals\.(events|tenants)/.test(text));
}

interface Plan {
  readonly text: string;
  readonly rowsRead: number;
}

/** How PostgreSQL runs a statement in a session such as the store's, and how many rows it looks at. */
async function explain({ scope, text, values, settings }: Statement): Promise<Plan> {
  const session = { "annals.tenant_id": scope };
  const client = new pg.Client(clientConfig(app.url, sessionDefaults, session));
  await client.connect();
  try {
    await client.query("BEGIN");
    if (settings) await client.query({ ...settings, values: [...settings.values] });
    const name = "explained";
    await client.query({ name, text, values: [...values] });
    const literals = values.map((value) => client.escapeLiteral(textOf(value)));
    const { rows } = await client.query<[string]>({
      text: `EXPLAIN (ANALYZE, BUFFERS) EXECUTE ${name} ${literals.length > 0 ? `(${literals.join(",")})` : ""}`,
      rowMode: "array",
    });
    const lines = rows.map(([line]) => line);
    const counts = lines.map((line) => {
      const [, read = "0", loops = "1"] = /actual .*rows=([\d.]+) loops=(\d+)/.exec(line) ?? [];
      const [, filtered = "0"] = /Rows Removed by Filter: (\d+)/.exec(line) ?? [];
      return Number(read) * Number(loops) + Number(filtered);
    });
    return { text: lines.join("\n"), rowsRead: Math.max(...counts) };
  } finally {
    await client.query("ROLLBACK");
    await client.end();
  }
}

/** A value as its parameter's text. */
function textOf(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  return `{${value.map((item) => JSON.stringify(item)).join(",")}}`;
}

const filtered = (parts: Partial<EventFilter>): EventFilter => ({ ...noFilter, ...parts });
const log = { tenantId, from: 20_000n, to: 2n ** 62n, direction: "forwards" } as const;
const backwards = { ...log, from: 40_000n, to: 1n, direction: "backwards" } as const;
const time = (seconds: number): bigint => 1_577_836_800_000_000n + BigInt(seconds) * 1_000_000n;
const times = { recordedFrom: time(500_000), recordedBefore: time(600_000) };
type Read = (page: PageBounds) => Promise<unknown>;
const readLog =
  (filter: EventFilter): Read =>
  (page) =>
    store.readLog({ ...log, ...page, filter });
const readBack =
  (filter: EventFilter): Read =>
  (page) =>
    store.readLog({ ...backwards, ...page, filter });
const readWhole =
  (direction: "forwards" | "backwards", filter: EventFilter): Read =>
  (page) =>
    store.readWholeLog({ ...page, direction, from: "", to: "", filter });
const range = { tenantId, stream, fromVersion: 10n, toVersion: 40n };

test.each<[string, Read, string]>([
  [
    "a stream",
    (page) => store.readStream({ ...page, ...range, direction: "forwards" }),
    "events_by_stream",
  ],
  [
    "a stream backwards",
    (page) => store.readStream({ ...page, ...range, direction: "backwards" }),
    "events_by_stream",
  ],
  ["a tenant's log", readLog(noFilter), "events_pkey"],
  ["a tenant's log backwards", readBack(noFilter), "events_pkey"],
  ["one type", readLog(filtered({ aggregateTypes: ["Type3"] })), "events_by_type"],
  ["one type backwards", readBack(filtered({ aggregateTypes: ["Type3"] })), "events_by_type"],
  [
    "one type and a tag that is not there",
    readLog(filtered({ aggregateTypes: ["Type3"], tags: ["none"] })),
    "events_by_type",
  ],
  ["a type that is not there", readLog(filtered({ aggregateTypes: ["None"] })), "events_by_type"],
  [
    "one type in a time range",
    readLog(filtered({ aggregateTypes: ["Type3"], ...times })),
    "events_by_type",
  ],
  ["several types", readLog(filtered({ aggregateTypes: ["Type3", "Type4"] })), "events_pkey"],
  ["an aggregate id", readLog(filtered({ aggregateIds: ["aggregate-7"] })), "events_pkey"],
  [
    "event types and prefixes",
    readLog(filtered({ eventTypes: ["None"], eventTypePrefixes: ["No"] })),
    "events_pkey",
  ],
  ["tags", readLog(filtered({ tags: ["tag1", "none"] })), "events_pkey"],
  ["a time range", readLog(filtered(times)), "events_pkey"],
  ["the whole log", readWhole("forwards", noFilter), "events_by_global_position"],
  ["the whole log backwards", readWhole("backwards", noFilter), "events_by_global_position"],
  [
    "the whole log of one type",
    readWhole("forwards", filtered({ aggregateTypes: ["None"] })),
    "events_by_global_position",
  ],
  [
    "the whole log in a time range",
    readWhole("forwards", filtered(times)),
    "events_by_global_position",
  ],
  ["an event", () => store.getEvent(tenantId, someEvent), "events_by_id"],
  ["a stream's version", () => store.getStream(tenantId, stream), "events_by_stream"],
  ["a foreign stream", () => store.isForeignStream(tenantId, stream), "streams_by_name"],
  ["a head", () => store.getHead(tenantId), "tenants_pkey"],
])("%s is read by an index, and no more than a window of rows", async (_, read, index) => {
  for (const page of pages) {
    const statements = await statementsOf(() => read(page));
    expect(statements).not.toHaveLength(0);
    const plans = await Promise.all(statements.map(explain));
    for (const { text, rowsRead } of plans) {
      // What is joined to pieces is sorted by where it stands in the page, which is bounded by then.
      expect(text.replace(/Sort Key: .*page\.bytes_before.*/g, "")).not.toMatch(
        /Seq Scan on (events|tenants)|Sort Key|Bitmap/,
      );
      expect(text).toMatch(/Index (Only )?Scan/);
      expect(rowsRead, text).toBeLessThanOrEqual(10_000);
    }
    expect(plans.at(-1)?.text).toMatch(new RegExp(`Index (Only )?Scan.* using ${index} `));
  }
});

test("an append looks things up by indexes only", async () => {
  const statements = await statementsOf(async () => {
    for (const expected of [any, noStream]) {
      const events = newEvents(3).map((event) => ({ ...event, eventId: randomUUID() }));
      await store.append([{ tenantId, stream: newStream(), expected, events }], someTime);
    }
  });
  const session = { "annals.tenant_id": "*" };
  const client = new pg.Client(clientConfig(app.url, sessionDefaults, session));
  await client.connect();
  for (const { text } of statements) {
    if (!text.includes("unnest") && !text.includes("ANY")) continue;
    const name = `s${randomUUID().replaceAll("-", "")}`;
    await client.query(`PREPARE ${name} AS ${text}`);
    const nulls = Array.from({ length: new Set(text.match(/\$\d+/g)).size }, () => "NULL").join();
    const { rows } = await client.query<[string]>({
      text: `EXPLAIN EXECUTE ${name} (${nulls})`,
      rowMode: "array",
    });
    const plan = rows.map(([line]) => line).join("\n");
    expect(plan).not.toMatch(/Seq Scan on (events|tenants)/);
  }
  await client.end();
});
