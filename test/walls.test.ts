import { join } from "node:path";
import { expect, test } from "vitest";
import { migrate } from "#server/store/postgres/migrate.js";
import { methods } from "./contract/walls/asker.js";
import { assertWalls, wallsTimeoutMs } from "./contract/walls/property.js";
import { createAppRole } from "./support/postgres-grants.js";
import { startTestPostgres } from "./support/postgres.js";
import { startTestServer, type TestSettings } from "./support/server.js";
import { tempFolder } from "./support/temp-folder.js";

async function expectWalls(settings: TestSettings): Promise<void> {
  await using server = await startTestServer(settings);
  const called = await assertWalls(server);
  expect(called).toEqual(new Set(Object.values(methods).map(({ name }) => name)));
}

const title = "every call answers each tenant as if it were alone, and with no byte of another";

test(`memory: ${title}`, { timeout: wallsTimeoutMs }, () => expectWalls({ store: "memory:" }));

test(`SQLite: ${title}`, { timeout: wallsTimeoutMs }, () =>
  expectWalls({ store: `sqlite:${join(tempFolder(), "annals.db")}` }),
);

test(`PostgreSQL: ${title}`, { timeout: wallsTimeoutMs }, async () => {
  await using postgres = await startTestPostgres({ fsync: "off" });
  const database = await postgres.newDatabase();
  await migrate(database);
  await expectWalls({ store: (await createAppRole(database)).url }); // no superuser: row level security holds
});
