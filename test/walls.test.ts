import { join } from "node:path";
import { EventStore } from "@annals/proto/annals/v1/event_store";
import { expect, test } from "vitest";
import { assertWalls, wallsTimeoutMs } from "./contract/walls/property.js";
import { startTestPostgres } from "./support/postgres.js";
import { startTestServer, type TestSettings } from "./support/server.js";
import { tempFolder } from "./support/temp-folder.js";

async function expectWalls(settings: TestSettings): Promise<void> {
  await using server = await startTestServer(settings);
  const called = await assertWalls(server);
  expect(called).toEqual(new Set(EventStore.methods.map(({ name }) => name)));
}

const title = "every call answers each tenant as if it were alone, and with no byte of another";

test(`memory: ${title}`, { timeout: wallsTimeoutMs }, () => expectWalls({ store: "memory:" }));

test(`SQLite: ${title}`, { timeout: wallsTimeoutMs }, () =>
  expectWalls({ store: `sqlite:${join(tempFolder(), "annals.db")}` }),
);

test(`PostgreSQL: ${title}`, { timeout: wallsTimeoutMs }, async () => {
  await using postgres = await startTestPostgres({ fsync: "off" });
  await expectWalls({ store: await postgres.newDatabase(), migrate: "true" });
});
