import { afterAll, beforeAll } from "vitest";
import { openPostgresStore } from "#server/store/postgres/open.js";
import { describeStoreContract } from "./contract/store/suite.js";
import { startTestPostgres, type TestPostgres } from "./support/postgres.js";

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
});

afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

describeStoreContract({
  name: "PostgreSQL",
  open: async () =>
    openPostgresStore({
      url: await postgres.newDatabase(),
      migrate: true,
      readConnections: 4,
      logger: { warn: () => undefined },
    }),
});
