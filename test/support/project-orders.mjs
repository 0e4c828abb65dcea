// Sums orders into a read model until it is killed: node project-orders.mjs sqlite|postgres WHERE ADDRESS TENANT [LEASE_MS].
import { connect, ProjectionRunner } from "@annals/client";
import { openPostgresProjectionStore } from "@annals/client/postgres";
import { openSqliteProjectionStore } from "@annals/client/sqlite";
import { DatabaseSync } from "@photostructure/sqlite";
import pg from "pg";

const [kind, where, address, tenant, ttlMs] = process.argv.slice(2);
const annals = connect({ address, tenant });
const table =
  "CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, events INTEGER, last INTEGER)";
const upsert = (id, position) =>
  `INSERT INTO orders VALUES ('${id}', 1, ${position}) ON CONFLICT (id) DO UPDATE
   SET events = orders.events + 1, last = ${position}`;

async function openStore() {
  if (kind === "sqlite") {
    const database = new DatabaseSync(where, { timeout: 5_000 });
    database.exec(table);
    return openSqliteProjectionStore(database);
  }
  const pool = new pg.Pool({ connectionString: where });
  await pool.query(table);
  return openPostgresProjectionStore(pool);
}

const projection = {
  async handle({ aggregateId, position }, { transaction }) {
    const sql = upsert(aggregateId, position);
    await (kind === "sqlite" ? transaction.exec(sql) : transaction.query(sql));
    if (position % 7n === 0n) await new Promise((resolve) => setImmediate(resolve));
  },
  truncate: () => undefined,
};
new ProjectionRunner(annals, {
  name: "orders",
  store: await openStore(),
  projection,
  ...(ttlMs && { lease: { ttlMs: Number(ttlMs) } }),
  onReport: (report) => {
    if (report.kind === "state") process.stdout.write(`${report.state}\n`);
  },
}).start();
process.stdout.write("started\n");
