import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openSqliteStore } from "#server/store/sqlite/open.js";
import { describeStoreContract } from "./contract/store/suite.js";

const folder = mkdtempSync(join(tmpdir(), "annals-store-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const logger = {
  error(fields: object, message: string): void {
    throw new Error(`${message}: ${JSON.stringify(fields)}`);
  },
};

let files = 0;
describeStoreContract({
  name: "SQLite",
  open: () => openSqliteStore({ file: join(folder, `${String(++files)}.db`), logger }),
});
