import { readFile } from "node:fs/promises";
import { runSql } from "./postgres.js";

/** The GRANTs of the guide to PostgreSQL, for the role "annals_app". */
export async function grants(): Promise<string> {
  const guide = new URL("../../docs/how-to/postgresql.md", import.meta.url);
  const text = await readFile(guide, "utf8");
  const sql = /```sql grants\n([^`]*)```/.exec(text)?.[1];
  if (sql === undefined) throw new Error("the guide has no block of grants");
  return sql;
}

/** A role that may do what the guide says, and nothing that its database's superuser may. */
export interface AppRole {
  /** The database, as this role. */
  readonly url: string;
  drop(): Promise<void>;
}

/** Makes such a role in a database that has the newest schema. */
export async function createAppRole(url: string): Promise<AppRole> {
  const role = `app_${new URL(url).pathname.slice(-12)}`;
  await runSql(url, `CREATE ROLE ${role} LOGIN PASSWORD 'app'`);
  await runSql(url, (await grants()).replaceAll("annals_app", role));
  const asApp = new URL(url);
  asApp.username = role;
  asApp.password = "app";
  return {
    url: asApp.href,
    drop: async () => {
      await runSql(url, `DROP OWNED BY ${role}; DROP ROLE ${role}`);
    },
  };
}
