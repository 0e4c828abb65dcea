import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { createMemoryStore } from "#server/store/memory/open.js";
import { openPostgresStore } from "#server/store/postgres/open.js";
import { openSqliteStore } from "#server/store/sqlite/open.js";
import { describeHandOver } from "./contract/reader/hand-over.js";
import { startTestPostgres, type TestPostgres } from "./support/postgres.js";

let postgres: TestPostgres;
const folder = mkdtempSync(join(tmpdir(), "annals-hand-over-"));
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const fail = (fields: object, message: string): void => {
  throw new Error(`${message}: ${JSON.stringify(fields)}`);
};

describeHandOver({ name: "memory", open: () => Promise.resolve([createMemoryStore()]) });

describeHandOver({
  name: "SQLite",
  open: async () => [
    await openSqliteStore({ file: join(folder, "annals.db"), logger: { error: fail } }),
  ],
});

describeHandOver({
  name: "two servers on PostgreSQL",
  open: async () => {
    const url = await postgres.newDatabase();
    const options = { url, migrate: true, logger: { warn: fail } };
    return [await openPostgresStore(options), await openPostgresStore(options)];
  },
});
